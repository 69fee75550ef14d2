#!/usr/bin/env python3
"""doc/compatibility.md is what its generator makes of the schemas as they are; each procedure that works is known to be answered in a test."""
import os
import subprocess
import sys

src = os.environ.get('SRCDIR') or os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.exit(subprocess.call([sys.executable, os.path.join(src, 'doc/compatibility.py'), '--check']))
