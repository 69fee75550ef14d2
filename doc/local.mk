# Documents that are no manual pages.  compatibility.md is made by the script beside it, of tested.tsv, ipc/schema and workers/plan/known.c.
EXTRA_DIST += \
	%reldir%/features.md %reldir%/performance.md \
	%reldir%/compatibility.md %reldir%/compatibility.py %reldir%/tested.tsv \
	$(NULL)
