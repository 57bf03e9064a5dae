// crossdock-relay as a process of its own, on loopback, with what /proc says of it.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "catch2/catch.hpp"
#include "lib/base/ed25519.h"
#include "lib/net/tls_key.h"
#include "tests/support/temp_tree.h"

namespace crossdock::test {

class RelayProcess {
 public:
  // `limits`: the configuration's, as YAML. Ready, with its key made, when this returns.
  explicit RelayProcess(const base::PublicKey& site_admin, const std::string& limits = "{}") {
    Wait(Spawn({"--init", tree_.at("state"), "--site-admin", site_admin.ToText()}, "init.log"));
    spki_ = net::TlsKey::Load(tree_.at("state/relay.key"))->spki();
    tree_.Write("relay.yaml", "schema: crossdock/relay/v1\nname: test\nstate: " + tree_.at("state") +
                                  "\nlisten: {lan: \"127.0.0.1:0\", wan: \"127.0.0.1:0\"}\nlimits: " + limits + "\n");
    pid_ = Spawn({"--config", tree_.at("relay.yaml")}, "relay.log");
    while (log().find("relay is ready") == std::string::npos) {
      REQUIRE(::waitpid(pid_, nullptr, WNOHANG) == 0);
      std::this_thread::yield();
    }
  }
  ~RelayProcess() {
    ::kill(pid_, SIGTERM);
    Wait(pid_);
  }
  RelayProcess(const RelayProcess&) = delete;
  RelayProcess& operator=(const RelayProcess&) = delete;

  const std::string& spki() const { return spki_; }
  pid_t pid() const { return pid_; }
  std::string state() const { return tree_.at("state"); }
  std::string lan() const { return "127.0.0.1:" + Said("\"lan_port\":"); }
  std::string wan() const { return "127.0.0.1:" + Said("\"wan_port\":"); }
  std::string log() const { return tree_.Read("relay.log"); }

  size_t descriptors() const {
    const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid_) + "/fd");
    return static_cast<size_t>(std::distance(begin(all), end(all)));
  }
  size_t threads() const { return Status("Threads:"); }
  size_t resident_kib() const { return Status("VmRSS:"); }

 private:
  pid_t Spawn(std::vector<std::string> arguments, const std::string& log) const {
    arguments.insert(arguments.begin(), std::string(CROSSDOCK_BINARY_DIR) + "/bin/crossdock-relay");
    std::vector<char*> argv;
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, tree_.at(log).c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
    posix_spawn_file_actions_adddup2(&actions, 1, 2);
    pid_t pid = -1;
    const int failed = ::posix_spawn(&pid, argv[0], &actions, nullptr, argv.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    REQUIRE(failed == 0);
    return pid;
  }
  static void Wait(pid_t pid) { ::waitpid(pid, nullptr, 0); }

  // The digits behind `key` in its log.
  std::string Said(const std::string& key) const {
    const std::string all = log();
    const size_t at = all.find(key) + key.size();
    return all.substr(at, all.find_first_not_of("0123456789", at) - at);
  }
  size_t Status(const std::string& key) const {
    std::ifstream file("/proc/" + std::to_string(pid_) + "/status");
    for (std::string word; file >> word;) {
      size_t value = 0;
      if (word == key && file >> value) return value;
    }
    return 0;
  }

  TempTree tree_;
  std::string spki_;
  pid_t pid_ = -1;
};

}  // namespace crossdock::test
