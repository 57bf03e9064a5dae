// What LeakSanitizer is not to report: leaks of Debian's libraries that are not ours to mend. Linked into the programs
// of sanitized builds only.
extern "C" const char* __lsan_default_suppressions();

// c-ares 1.18, which gRPC resolves names with, keeps a string of its configuration when a channel ends early.
const char* __lsan_default_suppressions() { return "leak:libcares.so\n"; }
