# role xmlc: adds roles/xmlc to pkglibexec_PROGRAMS
