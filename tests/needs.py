"""needs.py: what a test needs of its host. Without it the test is skipped: exit status 77, and the reason as the last line."""
import importlib.util, os, shutil, sys


def skip(why):
    print("SKIP: " + why, flush=True)
    sys.exit(77)


def needs_root():
    if os.geteuid() != 0:
        skip("needs root")


def needed(*programs):
    """Programs by name or path."""
    for program in programs:
        if not shutil.which(program):
            skip(program + " is not installed")


def needed_modules(*modules):
    """Of Python."""
    for module in modules:
        if not importlib.util.find_spec(module):
            skip("python3-%s is not installed" % module)
