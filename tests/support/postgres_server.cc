#include "tests/support/postgres_server.h"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <stdexcept>

extern char** environ;

namespace crossdock::testing {
namespace {

using Arguments = std::vector<std::string>;

// The newest installed server's programs; Debian keeps them off the PATH.
std::string BinDirectory() {
  std::string newest;
  int version = 0;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", error)) {
    const int found = std::atoi(entry.path().filename().c_str());
    if (found <= version || !std::filesystem::exists(entry.path() / "bin/postgres")) continue;
    version = found;
    newest = (entry.path() / "bin").string();
  }
  if (newest.empty()) throw std::runtime_error("no PostgreSQL server below /usr/lib/postgresql");
  return newest;
}

// PostgreSQL refuses to run as root: then it is somebody who is on every Debian.
const passwd* Account() { return ::geteuid() == 0 ? ::getpwnam("nobody") : ::getpwuid(::geteuid()); }

Arguments AsAccount(Arguments program, const char* death_signal) {
  Arguments all{"/usr/bin/setpriv", "--pdeathsig", death_signal};
  if (::geteuid() == 0) {
    all.push_back("--reuid=" + std::to_string(Account()->pw_uid));
    all.push_back("--regid=" + std::to_string(Account()->pw_gid));
    all.push_back("--clear-groups");
  }
  all.push_back("--");
  all.insert(all.end(), program.begin(), program.end());
  return all;
}

// Starts it with standard output and error into `output`.
pid_t Spawn(Arguments arguments, int output) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, output, 1);
  posix_spawn_file_actions_adddup2(&actions, output, 2);
  pid_t pid = -1;
  const int failed = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot start " + arguments[0]);
  return pid;
}

std::array<int, 2> Pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
  return ends;
}

// Runs it to its end.
void Run(const Arguments& arguments) {
  const auto [read_end, write_end] = Pipe();
  const pid_t pid = Spawn(arguments, write_end);
  ::close(write_end);
  std::string said;
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(read_end, buffer.data(), buffer.size())) > 0;) {
    said.append(buffer.data(), static_cast<size_t>(n));
  }
  ::close(read_end);
  int status = 0;
  ::waitpid(pid, &status, 0);
  if (status != 0) throw std::runtime_error(arguments.back() + " failed: " + said);
}

}  // namespace

PostgresServer::PostgresServer() : bin_(BinDirectory()) {
  std::string directory = "/tmp/crossdock-pg-XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) throw std::runtime_error("no temporary directory");
  directory_ = directory;
  if (::chown(directory_.c_str(), Account()->pw_uid, Account()->pw_gid) != 0) throw std::runtime_error("chown failed");
  Run(AsAccount({bin_ + "/initdb", "--no-sync", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-D",
                 directory_ + "/data"},
                "KILL"));
  Start();
}

void PostgresServer::Start() {
  const auto [read_end, write_end] = Pipe();
  pid_ = Spawn(AsAccount({bin_ + "/postgres", "-D", directory_ + "/data", "-k", directory_, "-c", "listen_addresses=",
                          "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "log_min_messages=warning"},
                         "QUIT"),
               write_end);
  ::close(write_end);
  listener_ = std::thread([this, fd = read_end] { Listen(fd); });
  base::MutexLock lock(mutex_);
  while (!ready_ && !ended_) changed_.Wait(mutex_);
  if (!ready_) throw std::runtime_error("PostgreSQL did not start: " + said_);
}

void PostgresServer::Listen(int fd) {
  std::array<char, 4096> buffer{};
  for (ssize_t n = 0; (n = ::read(fd, buffer.data(), buffer.size())) > 0;) {
    base::MutexLock lock(mutex_);
    if (ready_) continue;
    said_.append(buffer.data(), static_cast<size_t>(n));
    ready_ = said_.find("database system is ready to accept connections") != std::string::npos;
    changed_.NotifyAll();
  }
  ::close(fd);
  base::MutexLock lock(mutex_);
  ended_ = true;
  changed_.NotifyAll();
}

PostgresServer::~PostgresServer() {
  if (pid_ > 0) {
    ::kill(pid_, SIGQUIT);  // at once: nothing here is worth keeping
    ::waitpid(pid_, nullptr, 0);
  }
  if (listener_.joinable()) listener_.join();
  std::error_code error;
  std::filesystem::remove_all(directory_, error);
}

std::string PostgresServer::NewDatabase() {
  const std::string name = "test" + std::to_string(++databases_);
  Run({bin_ + "/createdb", "-h", directory_, "-U", "postgres", name});
  return "host=" + directory_ + " user=postgres dbname=" + name;
}

}  // namespace crossdock::testing
