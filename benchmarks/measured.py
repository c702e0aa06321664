"""Run the command line, and say how many megabytes of memory its largest process took."""

from __future__ import annotations

import resource
import sys

from torchexam.cli import main

if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    finally:
        both = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        print(f"largest: {max(resource.getrusage(who).ru_maxrss // 1024 for who in both)}")
