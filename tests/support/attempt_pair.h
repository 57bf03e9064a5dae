// Both ends of an attempt in one process, joined by socket pairs: two volumes, and what can go wrong between them.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "agent/transfer/publish.h"
#include "agent/transfer/receive_attempt.h"
#include "agent/transfer/send_attempt.h"
#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"
#include "tests/support/double_calls.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {

// What a test does to the bytes that the sender hands to a leg: it may change them, and says whether the line holds.
using Meddler = std::function<bool(uint16_t leg, uint16_t attempt, std::string& bytes)>;

// Lets other threads go on until `condition` holds. A test that waits in vain is ended from outside.
template <typename Condition>
void Await(const Condition& condition) {
  while (!condition()) std::this_thread::yield();
}

class SocketStream : public ByteStream {
 public:
  // `open` counts the streams that are.
  SocketStream(base::UniqueFd fd, uint16_t leg, uint16_t attempt, Meddler meddler, std::atomic<int>* open = nullptr)
      : fd_(std::move(fd)), leg_(leg), attempt_(attempt), meddler_(std::move(meddler)), open_(open) {
    if (open_ != nullptr) ++*open_;
  }
  ~SocketStream() override {
    if (!quiet) shutdown(fd_.get(), SHUT_RDWR);
    if (open_ != nullptr) --*open_;
  }
  bool quiet = false;  // leaves the socket as it is, for whoever has a copy of it
  absl::StatusOr<size_t> Read(char* bytes, size_t size) override {
    const ssize_t got = recv(fd_.get(), bytes, size, 0);
    if (got < 0) return wire::Refuse(wire::Reason::kPeerLost, "the socket broke");
    return static_cast<size_t>(got);
  }
  absl::Status Write(std::string_view given) override {
    std::string bytes(given);
    if (meddler_ && !meddler_(leg_, attempt_, bytes)) {
      return wire::Refuse(wire::Reason::kPeerLost, "the line broke");
    }
    for (std::string_view left = bytes; !left.empty();) {
      const ssize_t sent = send(fd_.get(), left.data(), left.size(), MSG_NOSIGNAL);
      if (sent <= 0) return wire::Refuse(wire::Reason::kPeerLost, "the socket broke");
      left.remove_prefix(static_cast<size_t>(sent));
    }
    return absl::OkStatus();
  }
  absl::Status CloseWrite() override {
    shutdown(fd_.get(), SHUT_WR);
    return absl::OkStatus();
  }
  void Abort() override { shutdown(fd_.get(), SHUT_RDWR); }
  bool HasBuffered() const override { return false; }
  int fd() const override { return fd_.get(); }

 private:
  base::UniqueFd fd_;
  const uint16_t leg_;
  const uint16_t attempt_;
  const Meddler meddler_;
  std::atomic<int>* const open_;
};

// Pairs the two ends' dials of the same leg and try, as relays do.
class Exchange {
 public:
  Meddler meddler;  // of what the sender writes
  // Whether the sender's own end of a leg that broke stays open, so that the receiver does not notice.
  bool receiver_stays_unaware = false;
  std::function<bool(bool sender, uint16_t leg, uint16_t attempt)> reachable;
  std::atomic<int> sender_streams = 0, receiver_streams = 0;  // that each end has open

  absl::StatusOr<std::unique_ptr<ByteStream>> Dial(bool sender, uint16_t leg, uint16_t attempt) {
    if (reachable && !reachable(sender, leg, attempt)) {
      return wire::Refuse(wire::Reason::kPeerUnreachable, "nobody answers");
    }
    std::lock_guard<std::mutex> lock(mutex_);
    const auto key = std::pair(leg, attempt);
    if (!pairs_.contains(key)) {
      int fds[2];
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return absl::InternalError("socketpair");
      pairs_[key] = {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
      for (const int fd : fds) all_.emplace_back(dup(fd));
    }
    auto& [first, second] = pairs_[key];
    if (!sender) return std::make_unique<SocketStream>(std::move(second), leg, attempt, nullptr, &receiver_streams);
    if (receiver_stays_unaware) kept_.emplace_back(dup(first.get()));
    auto stream = std::make_unique<SocketStream>(std::move(first), leg, attempt, meddler, &sender_streams);
    stream->quiet = receiver_stays_unaware;
    return stream;
  }
  // The lines of an attempt that is over.
  void Forget() {
    std::lock_guard<std::mutex> lock(mutex_);
    pairs_.clear();
    all_.clear();
    kept_.clear();
  }
  // Whether a line takes no more of what is written to it.
  bool HasFullLine() {
    std::lock_guard<std::mutex> lock(mutex_);
    return std::any_of(all_.begin(), all_.end(), [](const base::UniqueFd& fd) {
      pollfd line{fd.get(), POLLOUT, 0};
      return poll(&line, 1, 0) == 0;
    });
  }
  // Every line that there is, at both ends.
  void Cut() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (const base::UniqueFd& fd : all_) shutdown(fd.get(), SHUT_RDWR);
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<uint16_t, uint16_t>, std::pair<base::UniqueFd, base::UniqueFd>> pairs_;
  std::vector<base::UniqueFd> all_;
  std::vector<base::UniqueFd> kept_;
};

class ExchangeDialer : public LegDialer {
 public:
  ExchangeDialer(Exchange& exchange, bool sender) : exchange_(exchange), sender_(sender) {}
  absl::StatusOr<std::unique_ptr<ByteStream>> Dial(uint16_t leg, uint16_t attempt, std::stop_token) override {
    return exchange_.Dial(sender_, leg, attempt);
  }

 private:
  Exchange& exchange_;
  const bool sender_;
};

// System calls that a test may refuse by what they are about: a hook returns an errno, or 0 to let the call through.
class HookedCalls : public DoubleCalls {
 public:
  std::function<int(size_t size)> on_write;
  std::function<int()> on_read;
  std::function<int()> on_sync;
  // Of the bytes of files: what was read, before the program sees it; what is written, before the storage gets it.
  std::function<void(int fd, char* bytes, size_t size)> damage_read;
  std::function<void(int fd, char* bytes, size_t size)> damage_write;

  ssize_t Write(int fd, const void* bytes, size_t size) override {
    return Refused(on_write ? on_write(size) : 0) ? -1 : DoubleCalls::Write(fd, bytes, size);
  }
  ssize_t WriteAt(int fd, const void* bytes, size_t size, off_t offset) override {
    if (Refused(on_write ? on_write(size) : 0)) return -1;
    if (!damage_write) return DoubleCalls::WriteAt(fd, bytes, size, offset);
    std::string damaged(static_cast<const char*>(bytes), size);
    damage_write(fd, damaged.data(), size);
    return DoubleCalls::WriteAt(fd, damaged.data(), size, offset);
  }
  ssize_t ReadAt(int fd, void* bytes, size_t size, off_t offset) override {
    if (Refused(on_read ? on_read() : 0)) return -1;
    const ssize_t got = DoubleCalls::ReadAt(fd, bytes, size, offset);
    if (damage_read && got > 0) damage_read(fd, static_cast<char*>(bytes), static_cast<size_t>(got));
    return got;
  }
  ssize_t Read(int fd, void* bytes, size_t size) override {
    return Refused(on_read ? on_read() : 0) ? -1 : DoubleCalls::Read(fd, bytes, size);
  }
  int Sync(int fd) override { return Refused(on_sync ? on_sync() : 0) ? -1 : DoubleCalls::Sync(fd); }

 private:
  static bool Refused(int error) {
    if (error != 0) errno = error;
    return error != 0;
  }
};

// The machine's clocks; the civil one is as far off as a test says.
class SkewedClock : public base::SystemClock {
 public:
  std::function<std::chrono::microseconds()> skew;  // asked at each look, by any thread
  base::Instant Now() const override { return SystemClock::Now() + (skew ? skew() : std::chrono::microseconds(0)); }
};

inline std::string Noise(size_t size) { return base::SystemRandom().Bytes(size); }

// Two volumes, and an attempt between them.
class AttemptPair {
 public:
  explicit AttemptPair(const std::string& above = std::filesystem::temp_directory_path()) : tree(above) {
    std::filesystem::create_directories(tree.at("a/shots/sh010"));
    std::filesystem::create_directories(tree.at("b"));
    from = *Volume::Open("proj", tree.at("a"), {}, from_calls);
    to = *Volume::Open("proj", tree.at("b"), {}, to_calls);
  }

  // Below the package, at its source and at its destination.
  std::string Source(const std::string& name) const { return tree.at("a/shots/sh010/" + name); }
  std::string Destination(const std::string& name) const { return tree.at("b/in/sh010/" + name); }
  void Write(const std::string& path, const std::string& content) const {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  ScanResult Scanned() const { return *Scan(*from, source, scan_options, {}); }
  std::string Listing() const { return Scanned().listing_digest; }
  bool StagingIsEmpty() const {
    return !tree.Exists("b/.crossdock") || std::filesystem::is_empty(tree.at("b/.crossdock"));
  }

  struct Outcome {
    absl::StatusOr<SendResult> sent = absl::UnknownError("not run");
    absl::StatusOr<ReceiveResult> received = absl::UnknownError("not run");
    Progress acknowledged;  // as the sender knows it
  };
  // With the next epoch, over what was listed.
  Outcome Run() { return Run(Scanned()); }
  Outcome Run(const ScanResult& decided) {
    ExchangeDialer sender_exchange(exchange, true);
    ExchangeDialer receiver_exchange(exchange, false);
    LegDialer& sender_dialer = sender_exchange;
    LegDialer& receiver_dialer = receiver_exchange;
    AttemptTerms terms;
    terms.transfer = "t-1";
    terms.epoch = {1, ++epoch};
    terms.listing_digest = decided.listing_digest;
    terms.content_root = content_root;
    terms.streams = streams;
    terms.files = decided.manifest.files();
    terms.bytes = decided.manifest.bytes();
    SendPlan send;
    send.terms = terms;
    send.source = source;
    send.scan = scan_options;
    send.leg_window = leg_window;
    send.bytes_per_second_max = bytes_per_second_max;
    send.landed = [this](const SendResult& result, std::stop_token stop) {
      files_receipted = result.files;
      absl::Status status = on_landed ? on_landed(std::move(stop)) : absl::OkStatus();
      receipt.set_value();
      return status;
    };
    receipt = std::promise<void>();
    ReceivePlan receive;
    receive.terms = terms;
    receive.agent = "van-1";
    receive.destination = {"in/sh010", source.files};
    receive.allow_empty_files = allow_empty_at_destination;
    receive.verify = verify;
    receive.merge = merge;
    receive.replace = replace;
    receive.refusal_wait = refusal_wait;
    receive.commit = [this]() -> absl::StatusOr<CommitVerdict> {
      // As the orchestrator: it says nothing before it holds the sender's receipt.
      receipt.get_future().get();
      if (on_commit) on_commit();
      return verdict;
    };
    SendAttempt sender(std::move(send), {clock, *from, sender_legs ? *sender_legs : sender_dialer});
    ReceiveAttempt receiver(std::move(receive), {clock, *to, receiver_legs ? *receiver_legs : receiver_dialer}, record);
    Outcome outcome;
    sender_progress = [&sender] { return sender.progress(); };
    std::stop_source stop_sender;
    std::thread other([&] {
      outcome.received = receiver.Run(stop_receiver.get_token());
      if (sender_ends_with_receiver) stop_sender.request_stop();
    });
    outcome.sent = sender.Run(stop_sender.get_token());
    other.join();
    outcome.acknowledged = sender.progress();
    exchange.Forget();
    return outcome;
  }

  test::TempTree tree;
  SkewedClock clock;
  HookedCalls from_calls;
  HookedCalls to_calls;
  std::unique_ptr<Volume> from;
  std::unique_ptr<Volume> to;
  Exchange exchange;
  // Instead of the exchange's.
  LegDialer* sender_legs = nullptr;
  LegDialer* receiver_legs = nullptr;
  PackagePath source = {"shots/sh010", {}};
  ScanOptions scan_options;
  bool allow_empty_at_destination = false;
  Verify verify = Verify::kLanded;
  Merge merge = Merge::kNever;
  bool replace = false;
  RecordTerms record;  // none is made unless a test asks for one
  // For receivers that end without a word.
  bool sender_ends_with_receiver = false;
  std::string content_root;
  uint16_t streams = 3;
  // Socket pairs do not pace; it keeps a loaded machine's slow answers from being taken for a long line.
  uint64_t bytes_per_second_max = 4'000'000;
  std::chrono::milliseconds leg_window = std::chrono::seconds(10);
  std::chrono::milliseconds refusal_wait = std::chrono::seconds(10);
  uint64_t epoch = 0;
  std::stop_source stop_receiver;
  std::function<Progress()> sender_progress;  // of the attempt that runs
  std::promise<void> receipt;
  uint64_t files_receipted = 0;
  std::function<absl::Status(std::stop_token stop)> on_landed;
  std::function<void()> on_commit;
  absl::StatusOr<CommitVerdict> verdict = CommitVerdict::kPublish;
};

}  // namespace crossdock::agent
