# role qemu: adds roles/qemu to pkglibexec_PROGRAMS
