/* log.h: one line a call, to stderr (fd 2), which is the role's own log pipe, or the daemon's outputs in the keeper.
 * Control characters are escaped, lines cut at LOG_LINE_MAX.  Lines begin with "<level> tag: ". */
#ifndef BULKHEAD_LOG_H
#define BULKHEAD_LOG_H
#define LOG_LINE_MAX 512
enum log_level { LOG_L_DEBUG = 1, LOG_L_INFO, LOG_L_WARN, LOG_L_ERR };   /* libvirt's numbers 1..4 */
extern const char *const log_levels[];         /* by level, from 1 on */
extern void (*log_sink)(const char *line);     /* NULL: lines go to descriptor 2 */
extern int log_threshold;                 /* lines below are dropped; default LOG_L_WARN */
void log_init(const char *tag);           /* tag: the role's name; must outlive the process */
void log_line(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_at(level, ...) do { if (log_threshold <= (level)) log_line(level, __VA_ARGS__); } while (0)
#define log_debug(...) log_at(LOG_L_DEBUG, __VA_ARGS__)
#define log_info(...) log_at(LOG_L_INFO, __VA_ARGS__)
#define log_warn(...) log_at(LOG_L_WARN, __VA_ARGS__)
#define log_err(...) log_at(LOG_L_ERR, __VA_ARGS__)
/* BUG_ON: our own broken invariant only, never something a peer sent. */
#define BUG_ON(c) do { if (__builtin_expect(!!(c), 0)) { log_err("bug: %s at %s:%d", #c, __FILE__, __LINE__); __builtin_trap(); } } while (0)
#endif
