"""`python -m torchexam` is the command line."""

from torchexam.cli import main

main()
