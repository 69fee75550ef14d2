# role log: adds roles/log to pkglibexec_PROGRAMS
