# role host: adds roles/host to pkglibexec_PROGRAMS
