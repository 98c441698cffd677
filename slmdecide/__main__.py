"""`python -m slmdecide`."""

from slmdecide.cli import main

main()
