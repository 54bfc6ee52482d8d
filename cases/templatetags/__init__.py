"""Template tags that every page may use: money, dates, seals, the bridge, form fields, the navigation."""
