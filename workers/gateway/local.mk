# role gateway: adds roles/gateway to pkglibexec_PROGRAMS
