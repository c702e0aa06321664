"""Run the command line, and say how many megabytes of memory it took itself, and the largest of its workers."""

from __future__ import annotations

import resource
import sys

from torchexam.cli import main

if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    finally:
        own, workers = (
            resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
        )
        print(f"memory: {own} {workers}")
