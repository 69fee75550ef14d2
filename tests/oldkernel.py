#!/usr/bin/python3
"""Runs a command as on a kernel before 6.5: SO_PEERPIDFD is not there, neither for it nor for what it starts.  Needs root."""
import ctypes, os, struct, sys

SO_PEERPIDFD, ENOPROTOOPT, PR_SET_SECCOMP = 77, 92, 22
NR_GETSOCKOPT = {"x86_64": 55, "aarch64": 209}[os.uname().machine]
LOAD, EQUAL, RETURN = 0x20, 0x15, 0x06          # of struct sock_filter; arguments of a call are 64 bits wide, from offset 16 on
ALLOW, ERRNO = 0x7fff0000, 0x00050000
program = [(LOAD, 0, 0, 0), (EQUAL, 0, 3, NR_GETSOCKOPT), (LOAD, 0, 0, 16 + 2 * 8), (EQUAL, 0, 1, SO_PEERPIDFD), (RETURN, 0, 0, ERRNO | ENOPROTOOPT), (RETURN, 0, 0, ALLOW)]
filters = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *f) for f in program))
prog = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program), ctypes.addressof(filters)))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(PR_SET_SECCOMP, 2, ctypes.c_void_p(ctypes.addressof(prog)), 0, 0):
    sys.exit("oldkernel: " + os.strerror(ctypes.get_errno()))
os.execvp(sys.argv[1], sys.argv[1:])
