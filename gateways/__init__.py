"""Everything outside: registers, bank, SMS. The only rooms that open a connection to another office."""
