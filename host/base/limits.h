// What a device script may use and do. Those who write one read it in docs/authors.md, Limits:
// `./dev docs` writes that table from these comments (words | unit; a name in the words stands for
// its number) and from those of scripts/types/limits.lua.
#ifndef LIMITS_H
#define LIMITS_H

#define SCRIPT_MEMORY (512u * 1024)    // Memory of a script | KiB
#define SCRIPT_BLOCK_MAX (128u * 1024) // One piece of it (a text, the list part of a table) | KiB
// The compiler has no budget; what it can waste grows with the text.
#define SCRIPT_FILE_MAX (32u * 1024) // Size of a file | KiB
#define SCRIPT_LIBS_MAX 16           // Libs of a script |

#define SCRIPT_LOAD_BUDGET 500000  // Instructions to load the file |
#define SCRIPT_CALL_BUDGET 500000  // Instructions of one call of `from`, `map`, `match` |
#define SCRIPT_TASK_BUDGET 2000000 // Instructions between two waits of a function that may wait |
#define SCRIPT_TIME_MS 50          // Processor time of each, and of all `from` of a node | ms
#define VM_WINDOW_CPU_MS 2000      // Processor time of a script in VM_WINDOW_MS ms | ms
#define VM_WINDOW_MS 10000

// C functions make no ticks for the budget.
#define REP_MAX 4096      // Length of what `string.rep` gives | bytes
#define FIND_MAX 65536    // Length of a text for `string.find` | bytes
#define FIND_WHAT_MAX 256 // Length of what `string.find` looks for | bytes
#define FORMAT_MAX 256    // Format of `string.format`, `pack`, `packsize`, `unpack` | bytes
#define TABLE_MAX 8192    // Elements of a table given to a `table` function |

#define SCRIPT_TIMERS_MAX 20 // Timers of a script at once |
#define SCRIPT_SLEEP_MS 10   // The shortest `sleep` | ms
#define SCRIPTS_MAX 200      // Scripts in one folder |

#endif
