# Init files for hosts of several kinds; configure --with-init=KIND,... says which are installed.
EXTRA_DIST += %D%/make-init %D%/openrc/service.in %D%/runit/log-run.in %D%/runit/run.in %D%/s6/run.in %D%/systemd/socket.in %D%/systemd/virtlockd.service.in \
	%D%/systemd/virtlogd.service.in %D%/systemd/virtqemud.service.in %D%/sysv/service.in
init_made = rm -rf %D%/made && mkdir -p %D%/made && $(SHELL) $(srcdir)/%D%/make-init %D%/made '$(INIT_KINDS)' '$(sbindir)' '$(sysconfdir)' '$(runstatedir)' '$(systemdsystemunitdir)'
install-data-local:
	$(init_made)
	@cd %D%/made && find . -type f | sed 's|^\.||' | while read -r f; do \
		$(MKDIR_P) "$(DESTDIR)$${f%/*}" && $(INSTALL) -m "$$(stat -c %a ".$$f")" ".$$f" "$(DESTDIR)$$f" || exit 1; done
uninstall-local:
	$(init_made)
	@cd %D%/made && find . -type f | sed 's|^\.||' | while read -r f; do rm -f "$(DESTDIR)$$f"; done
clean-local:
	rm -rf %D%/made
