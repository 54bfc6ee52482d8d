"""Registration and benefit claim in one application, and the monthly benefit that follows."""
