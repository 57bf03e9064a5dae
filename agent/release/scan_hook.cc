#include "agent/release/scan_hook.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "lib/base/fd.h"
#include "lib/base/status.h"
#include "lib/base/strings.h"

namespace crossdock::agent {
namespace {

using std::chrono::milliseconds;

// How soon a stop is noticed, and the end of its time.
constexpr milliseconds kLook{100};

template <typename... Parts>
absl::Status Failed(const Parts&... parts) {
  return base::WithReason(base::FailedPrecondition("the site's release scan ", parts...), "RELEASE_SCAN_FAILED");
}

struct Pipe {
  base::UniqueFd read, write;
};
absl::StatusOr<Pipe> MakePipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return base::Errno(errno, "cannot make a pipe");
  return Pipe{base::UniqueFd(ends[0]), base::UniqueFd(ends[1])};
}

// A process group that is gone, all of it, when this goes.
class Child {
 public:
  explicit Child(pid_t pid)
      : pid_(pid), ended_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))) {}  // close-on-exec by itself
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() { End(); }

  // Readable when it has ended.
  int fd() const { return ended_.get(); }

  // Kills what still runs of the group, and gives how the program itself ended: of one that has ended already, by
  // itself.
  int End() {
    if (pid_ == 0) return status_;
    ::kill(-pid_, SIGKILL);
    while (::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {
    }
    pid_ = 0;
    return status_;
  }

 private:
  pid_t pid_;
  int status_ = 0;
  base::UniqueFd ended_;
};

// posix_spawn's two settings, freed with it.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;
  ~Spawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  // 0 or an errno.
  int Start(const std::string& program, int in, int out, pid_t& pid) {
    sigset_t none, all;
    ::sigemptyset(&none);
    ::sigfillset(&all);
    ::posix_spawn_file_actions_adddup2(&actions_, in, 0);
    ::posix_spawn_file_actions_adddup2(&actions_, out, 1);
    ::posix_spawn_file_actions_adddup2(&actions_, out, 2);
    ::posix_spawn_file_actions_addclosefrom_np(&actions_, 3);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    std::string name = program, path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                language = "LANG=C.UTF-8";
    char* const arguments[] = {name.data(), nullptr};
    char* const environment[] = {path.data(), language.data(), nullptr};
    return ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_, arguments, environment);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// Both pipes and the program's end at once: none of them waits for another.
class Conversation {
 public:
  Conversation(const Child& child, base::UniqueFd in, base::UniqueFd out, std::string_view files)
      : child_(child), in_(std::move(in)), out_(std::move(out)), left_(files) {
    for (const int fd : {in_.get(), out_.get()}) ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK);
  }

  // True when the program has ended.
  bool Step() {
    pollfd watched[] = {
        {child_.fd(), POLLIN, 0}, {in_ ? in_.get() : -1, POLLOUT, 0}, {out_ ? out_.get() : -1, POLLIN, 0}};
    ::poll(watched, 3, static_cast<int>(kLook.count()));
    if (watched[2].revents != 0) Read();
    if (watched[1].revents != 0) Write();
    if (watched[0].revents == 0) return false;
    while (out_ && Read()) {
    }
    return true;
  }
  // Printable.
  std::string said() const {
    const size_t end = said_.find_last_not_of(" \r\n\t");
    std::string text = said_.substr(0, end == std::string::npos ? 0 : end + 1);
    for (char& c : text) c = c == '\n' ? ' ' : c;
    return base::PercentEscape(text);
  }

 private:
  // False when there is nothing (more) now.
  bool Read() {
    char buffer[4096];
    const ssize_t got = ::read(out_.get(), buffer, sizeof buffer);
    if (got == 0) out_.Reset();
    if (got <= 0) return false;
    said_.append(buffer, std::min(static_cast<size_t>(got), ScanHook::kSaidMax - said_.size()));
    return true;
  }
  void Write() {
    const ssize_t put = ::write(in_.get(), left_.data(), left_.size());
    if (put < 0 && errno != EAGAIN && errno != EINTR) left_ = {};  // it does not want to know more
    if (put > 0) left_.remove_prefix(static_cast<size_t>(put));
    if (left_.empty()) in_.Reset();
  }

  const Child& child_;
  base::UniqueFd in_, out_;
  std::string_view left_;
  std::string said_;
};

}  // namespace

absl::Status ScanHook::Run(const std::vector<std::string>& files, std::stop_token stop) const {
  std::string names;
  for (const std::string& file : files) names.append(file).push_back('\0');
  ASSIGN_OR_RETURN(Pipe in, MakePipe());
  ASSIGN_OR_RETURN(Pipe out, MakePipe());
  pid_t pid = 0;
  if (const int error = Spawn().Start(program_, in.read.get(), out.write.get(), pid); error != 0) {
    return Failed("cannot be run: ", base::ToStd(base::Errno(error, program_).message()));
  }
  Child child(pid);
  if (child.fd() < 0) return base::Errno(errno, "cannot watch the site's release scan");
  in.read.Reset();
  out.write.Reset();
  Conversation conversation(child, std::move(in.write), std::move(out.read), names);
  const base::Steady end = clock_.MonotonicNow() + within_;
  while (!conversation.Step()) {
    if (stop.stop_requested()) return base::Error(absl::StatusCode::kCancelled, "stopped during the release scan");
    if (clock_.MonotonicNow() >= end) return Failed("took longer than ", within_.count() / 1000, " s");
  }
  const int status = child.End();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return absl::OkStatus();
  const std::string said = conversation.said();
  if (WIFEXITED(status) && WEXITSTATUS(status) == 1) {
    return base::WithReason(base::FailedPrecondition("the site's release scan found: ",
                                                     said.empty() ? std::string("(it says no more)") : said),
                            "RELEASE_SCAN_FOUND");
  }
  const std::string how = WIFEXITED(status) ? base::StrCat("ended with exit code ", WEXITSTATUS(status))
                                            : base::StrCat("was ended by signal ", WTERMSIG(status));
  return Failed(how, said.empty() ? "" : ": ", said);
}

}  // namespace crossdock::agent
