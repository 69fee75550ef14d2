# role conf: adds roles/conf to pkglibexec_PROGRAMS
