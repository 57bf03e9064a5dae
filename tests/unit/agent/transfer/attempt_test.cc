// Both ends of an attempt in one process, joined by socket pairs.
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>

#include "agent/storage/content_hash.h"
#include "agent/transfer/publish.h"
#include "agent/transfer/receive_attempt.h"
#include "agent/transfer/send_attempt.h"
#include "catch2/catch.hpp"
#include "lib/base/file.h"
#include "lib/base/random.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"
#include "tests/support/temp_tree.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

class SocketStream : public ByteStream {
 public:
  explicit SocketStream(base::UniqueFd fd) : fd_(std::move(fd)) {}
  absl::StatusOr<size_t> Read(char* bytes, size_t size) override {
    const ssize_t got = recv(fd_.get(), bytes, size, 0);
    if (got < 0) return wire::Refuse(wire::Reason::kPeerLost, "the socket broke");
    return static_cast<size_t>(got);
  }
  absl::Status Write(std::string_view bytes) override {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return wire::Refuse(wire::Reason::kPeerLost, "the socket broke");
      bytes.remove_prefix(static_cast<size_t>(sent));
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
};

// Pairs the two ends' dials of the same leg and try.
class Exchange {
 public:
  absl::StatusOr<std::unique_ptr<ByteStream>> Dial(bool sender, uint16_t leg, uint16_t attempt) {
    std::lock_guard<std::mutex> lock(mutex_);
    const auto key = std::pair(leg, attempt);
    if (!pairs_.contains(key)) {
      int fds[2];
      if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return absl::InternalError("socketpair");
      pairs_[key] = {base::UniqueFd(fds[0]), base::UniqueFd(fds[1])};
    }
    auto& [first, second] = pairs_[key];
    return std::make_unique<SocketStream>(std::move(sender ? first : second));
  }

 private:
  std::mutex mutex_;
  std::map<std::pair<uint16_t, uint16_t>, std::pair<base::UniqueFd, base::UniqueFd>> pairs_;
};

class Dialer : public LegDialer {
 public:
  Dialer(Exchange& exchange, bool sender) : exchange_(exchange), sender_(sender) {}
  absl::StatusOr<std::unique_ptr<ByteStream>> Dial(uint16_t leg, uint16_t attempt, std::stop_token) override {
    return exchange_.Dial(sender_, leg, attempt);
  }

 private:
  Exchange& exchange_;
  const bool sender_;
};

// Two volumes, and an attempt between them.
class Studio {
 public:
  Studio() {
    fs::create_directories(tree.root() + "/a/shots/sh010");
    fs::create_directories(tree.root() + "/b");
    from = *Volume::Open("proj", tree.root() + "/a", {}, calls);
    to = *Volume::Open("proj", tree.root() + "/b", {}, calls);
  }

  std::string Source(const std::string& name) const { return tree.root() + "/a/shots/sh010/" + name; }
  std::string Destination(const std::string& name) const { return tree.root() + "/b/in/sh010/" + name; }
  void Write(const std::string& path, const std::string& content) const {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << content;
  }
  std::string Listing() const { return Scan(*from, {"shots/sh010", {}}, {}, {})->listing_digest; }

  struct Outcome {
    absl::StatusOr<SendResult> sent = absl::UnknownError("not run");
    absl::StatusOr<ReceiveResult> received = absl::UnknownError("not run");
  };
  Outcome Run(const std::string& listing) {
    Exchange exchange;
    Dialer sender_dialer(exchange, true);
    Dialer receiver_dialer(exchange, false);
    AttemptTerms terms;
    terms.transfer = "t-1";
    terms.epoch = {1, ++epoch};
    terms.listing_digest = listing;
    terms.streams = 3;
    const auto scanned = Scan(*from, {"shots/sh010", {}}, {}, {});
    terms.files = scanned->manifest.files();
    terms.bytes = scanned->manifest.bytes();
    SendPlan send;
    send.terms = terms;
    send.source = {"shots/sh010", {}};
    send.landed = [this](const SendResult& result, std::stop_token) {
      receipt.set_value(result.files);
      return absl::OkStatus();
    };
    receipt = std::promise<uint64_t>();
    ReceivePlan receive;
    receive.terms = terms;
    receive.agent = "van-1";
    receive.destination = {"in/sh010", {}};
    receive.commit = [this]() -> absl::StatusOr<CommitVerdict> {
      files_receipted = receipt.get_future().get();
      return verdict;
    };
    SendAttempt sender(std::move(send), {clock, *from, sender_dialer});
    ReceiveAttempt receiver(std::move(receive), {clock, *to, receiver_dialer});
    Outcome outcome;
    std::thread other([&] { outcome.received = receiver.Run({}); });
    outcome.sent = sender.Run({});
    other.join();
    return outcome;
  }

  test::TempTree tree;
  base::SystemClock clock;
  SystemFileCalls calls;
  std::unique_ptr<Volume> from;
  std::unique_ptr<Volume> to;
  uint64_t epoch = 0;
  std::promise<uint64_t> receipt;
  uint64_t files_receipted = 0;
  absl::StatusOr<CommitVerdict> verdict = CommitVerdict::kPublish;
};

std::string Noise(size_t size) { return base::SystemRandom().Bytes(size); }

TEST_CASE("a package arrives whole, byte for byte, and the sender's receipt comes before it is published") {
  Studio studio;
  std::map<std::string, std::string> files;
  for (int frame = 1001; frame < 1041; ++frame) files["f." + std::to_string(frame) + ".exr"] = Noise(70'000);
  files["sub/notes.txt"] = "for paint";
  files["big.mov"] = Noise(5'000'000);
  files[std::string(255, 'n')] = "a long name";
  for (const auto& [name, content] : files) studio.Write(studio.Source(name), content);
  const auto outcome = studio.Run(studio.Listing());
  INFO(outcome.sent.status() << " / " << outcome.received.status());
  REQUIRE(outcome.sent.ok());
  REQUIRE(outcome.received.ok());
  CHECK(studio.files_receipted == files.size());
  for (const auto& [name, content] : files) CHECK(*base::ReadFile(studio.Destination(name)) == content);
}

TEST_CASE("what a fenced attempt has landed is not published, and is not sent again") {
  Studio studio;
  studio.Write(studio.Source("a.exr"), Noise(300'000));
  studio.Write(studio.Source("b.exr"), Noise(300'000));
  const std::string listing = studio.Listing();
  studio.verdict = CommitVerdict::kFenced;
  const auto fenced = studio.Run(listing);
  CHECK_FALSE(fenced.sent.ok());
  CHECK(base::ReasonOf(fenced.received.status()) == "COMMIT_FENCED");
  CHECK_FALSE(fs::exists(studio.Destination("")));
  studio.verdict = CommitVerdict::kPublish;
  const auto again = studio.Run(listing);
  REQUIRE(again.received.ok());
  CHECK(again.received->files_resumed == 2);
  CHECK(again.sent->bytes_sent == 0);
  CHECK(*base::ReadFile(studio.Destination("b.exr")) == *base::ReadFile(studio.Source("b.exr")));
}

TEST_CASE("a destination with other content is never overwritten") {
  Studio studio;
  studio.Write(studio.Source("a.exr"), "new");
  studio.Write(studio.Destination("a.exr"), "old");
  const auto outcome = studio.Run(studio.Listing());
  CHECK(base::ReasonOf(outcome.received.status()) == "DESTINATION_EXISTS");
  CHECK(*base::ReadFile(studio.Destination("a.exr")) == "old");
}

TEST_CASE("a destination with the same content counts as delivered") {
  Studio studio;
  studio.Write(studio.Source("a.exr"), "same");
  studio.Write(studio.Destination("a.exr"), "same");
  const auto outcome = studio.Run(studio.Listing());
  INFO(outcome.received.status());
  REQUIRE(outcome.received.ok());
  CHECK(outcome.received->already_present);
}

TEST_CASE("a name that other systems could not hold does not cross, and its reason says why") {
  const auto [name, reason] = GENERATE(std::pair<const char*, const char*>("new\nline", "NAME_CONTROL"),
                                       std::pair<const char*, const char*>("\xff\xfe", "NAME_INVALID_UTF8"));
  Studio studio;
  studio.Write(studio.Source(name), "x");
  const auto outcome = studio.Run(studio.Listing());
  CHECK(base::ReasonOf(outcome.sent.status()) == reason);
  CHECK_FALSE(fs::exists(studio.Destination("")));
}

TEST_CASE("a source that changed since it was listed is not sent") {
  Studio studio;
  studio.Write(studio.Source("a.exr"), "approved");
  const std::string listing = studio.Listing();
  studio.Write(studio.Source("a.exr"), "something else");
  const auto outcome = studio.Run(listing);
  CHECK(base::ReasonOf(outcome.sent.status()) == "SOURCE_CHANGED");
  CHECK_FALSE(outcome.received.ok());
  CHECK_FALSE(fs::exists(studio.Destination("")));
}

TEST_CASE("an answer to the commit that never came leaves a journal that finishes later") {
  Studio studio;
  studio.Write(studio.Source("a.exr"), "content");
  studio.verdict = absl::UnavailableError("the line broke");
  const auto outcome = studio.Run(studio.Listing());
  CHECK(base::ReasonOf(outcome.received.status()) == "COMMIT_UNKNOWN");
  CHECK_FALSE(fs::exists(studio.Destination("a.exr")));
  const auto pending = RecoverPublishes(*studio.to, "van-1");
  REQUIRE(pending.ok());
  REQUIRE(pending->size() == 1);
  const auto journal = FinishPublish(*studio.to, pending->front(), [] { return CommitVerdict::kPublish; }, {});
  INFO(journal.status());
  REQUIRE(journal.ok());
  CHECK(journal->files == 1);
  CHECK(*base::ReadFile(studio.Destination("a.exr")) == "content");
}

}  // namespace
}  // namespace crossdock::agent
