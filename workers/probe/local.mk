# role probe: adds roles/probe to pkglibexec_PROGRAMS
