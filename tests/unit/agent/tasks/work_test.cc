// Tasks from the order to the report: two agents' work joined by socket pairs, and an orchestrator that writes down
// what it is told.
#include "agent/tasks/work.h"

#include <deque>
#include <set>

#include "catch2/catch.hpp"
#include "lib/base/encoding.h"
#include "lib/trust/kinds.h"
#include "lib/trust/signed_statement.h"
#include "tests/support/attempt_pair.h"

namespace crossdock::agent {
namespace {

namespace fs = std::filesystem;

// Answers a commit as the orchestrator does: not before it holds the sender's receipt.
class RecordingReports : public AttemptReports {
 public:
  absl::Status UploadManifest(const std::string&, uint64_t, uint64_t index, std::string chunk,
                              std::stop_token) override {
    base::MutexLock lock(mutex_);
    if (index != chunks.size()) return base::InvalidArgument("chunk ", index, " out of order");
    chunks.push_back(std::move(chunk));
    return absl::OkStatus();
  }
  absl::Status ReportScan(const ScanReport& report, std::stop_token) override {
    base::MutexLock lock(mutex_);
    scans.push_back(report);
    return absl::OkStatus();
  }
  absl::Status ReportContent(const ContentReport& report, std::stop_token) override {
    base::MutexLock lock(mutex_);
    contents.push_back(report);
    return absl::OkStatus();
  }
  absl::Status ReportClean(const std::string&, wire::Epoch epoch, const std::string& reason, const std::string&,
                           std::stop_token) override {
    base::MutexLock lock(mutex_);
    cleans.push_back(base::StrCat(epoch.generation, ".", epoch.n, " ", reason));
    return absl::OkStatus();
  }
  absl::StatusOr<CommitAnswer> Commit(const std::string&, wire::Epoch, const std::string&, const std::string&,
                                      std::stop_token stop) override {
    if (on_commit) on_commit();
    const std::stop_callback wake(stop, [this] {
      base::MutexLock lock(mutex_);
      changed_.NotifyAll();
    });
    base::MutexLock lock(mutex_);
    // The sender's receipt comes first, also where the answer gets lost: the sender gives its receipt up when the
    // attempt fails, and a later publish would wait for it for ever.
    const bool publishes = !verdict.ok() || *verdict == CommitVerdict::kPublish;
    while (publishes && receipts.empty() && failures.empty() && !stop.stop_requested()) {
      changed_.Wait(mutex_);
    }
    // The other end gave up: the attempt is over.
    if (publishes && receipts.empty() && !failures.empty()) return CommitAnswer{CommitVerdict::kFenced, "", ""};
    if (stop.stop_requested()) return base::Error(absl::StatusCode::kCancelled, "stopped");
    if (!verdict.ok()) return verdict.status();
    return CommitAnswer{*verdict, "", ""};
  }
  absl::Status SubmitReceipt(const std::string&, wire::Epoch, const std::string& receipt, bool,
                             std::stop_token) override {
    base::MutexLock lock(mutex_);
    if (!receipts_taken) return base::Unavailable("not now");
    receipts.push_back(receipt);
    changed_.NotifyAll();
    return absl::OkStatus();
  }
  absl::Status ReportFailure(const std::string&, wire::Epoch, const std::string& reason, const std::string& detail,
                             std::stop_token) override {
    base::MutexLock lock(mutex_);
    failures.push_back(reason);
    details.push_back(detail);
    changed_.NotifyAll();
    return absl::OkStatus();
  }

  // Read by a test when no work runs.
  std::vector<std::string> chunks;
  std::vector<ScanReport> scans;
  std::vector<ContentReport> contents;
  std::vector<std::string> receipts;
  std::vector<std::string> failures;
  std::vector<std::string> details;
  std::vector<std::string> cleans;  // "1.7 STAGING_BUSY"
  std::function<void()> on_commit;  // called on whatever thread asks
  absl::StatusOr<CommitVerdict> verdict = CommitVerdict::kPublish;
  bool receipts_taken = true;

 private:
  base::Mutex mutex_;
  base::CondVar changed_;
};

class FixedWarrants : public Warrants {
 public:
  absl::StatusOr<Warranted> Check(const Task&, const MoveTask&) const override {
    return asked++ == 0 ? answer : later.value_or(answer);
  }
  uint64_t revision() const override { return asked > 0 && later ? 1 : 0; }
  absl::StatusOr<Warranted> answer = Warranted{"", "", "", 3, 4, std::string(64, 'b')};
  std::optional<absl::StatusOr<Warranted>> later;  // the answer once something has changed
  mutable std::atomic<int> asked = 0;
};

trust::Receipt Read(const std::string& text) {
  return *trust::Decode<trust::Receipt>(trust::SignedStatement::Parse(text)->statement());
}

// One agent at each of two sites, each with a volume `proj`.
class TwoAgents {
 public:
  TwoAgents() {
    for (const char* const path : {"lon/proj", "van/proj", "lon/kept", "van/kept"})
      fs::create_directories(tree.at(path));
    lon_volumes["proj"] = *Volume::Open("proj", tree.at("lon/proj"), {}, calls);
    van_volumes["proj"] = *Volume::Open("proj", tree.at("van/proj"), {}, calls);
  }

  absl::Status Do(Work& work, Task task) {
    TaskControl control(std::move(task));
    return work.Run(control);
  }
  ScanReport Scan(bool allow_empty_files = false) {
    CHECK(Do(lon, {"scan", "t-1", ScanTask{source, 1, allow_empty_files}}).ok());
    REQUIRE_FALSE(reports.scans.empty());
    return reports.scans.back();
  }
  // What lon would sign over a transfer whose files had landed at `ended`.
  static trust::Receipt Sent(std::chrono::microseconds ended) {
    trust::Receipt receipt;
    receipt.transfer = "t-1";
    receipt.role = trust::ReceiptRole::kSent;
    receipt.listing = std::string(64, 'a');
    receipt.files = 1;
    receipt.bytes = 5;
    receipt.ended = base::Instant(ended);
    receipt.request = "t-1";
    receipt.policy = std::string(64, 'b');
    return receipt;
  }
  // The receiver's task of the present epoch.
  MoveTask Receiving(const ScanReport& listed) const {
    MoveTask move;
    move.epoch = {1, epoch};
    move.source = source;
    move.destination = {"proj", "in/sh010", {}};
    move.listing = listed.listing;
    move.files = listed.files;
    move.bytes = listed.bytes;
    move.streams = 2;
    move.merge = merge;
    move.replace = replace;
    return move;
  }
  // Both ends of the next epoch, over what was listed.
  void Move(const ScanReport& listed) {
    ++epoch;
    const MoveTask move = Receiving(listed);
    std::thread receiver([&] { received = Do(van, {"receive", "t-1", move}); });
    MoveTask send = move;
    send.send = true;
    Work releasing({"lon-1", lon_volumes, reports, lon_warrants, lon_receipts, Legs(true), clock, {}, lon_release});
    sent = Do(lon_release.scan == nullptr ? lon : releasing, {"send", "t-1", send});
    receiver.join();
    exchange.Forget();
  }

  test::TempTree tree;
  base::SystemClock clock;
  SystemFileCalls calls;
  Volumes lon_volumes, van_volumes;
  RecordingReports reports;
  FixedWarrants lon_warrants, van_warrants;
  base::SystemRandom random;
  const base::PrivateKey lon_key = base::PrivateKey::Generate(random);
  const base::PrivateKey van_key = base::PrivateKey::Generate(random);
  Receipts lon_receipts{tree.at("lon/kept"), "lon-1", "lon", lon_key};
  Receipts van_receipts{tree.at("van/kept"), "van-1", "van", van_key};
  Exchange exchange;
  std::atomic<int> dials = 0;
  LegMaker Legs(bool sender) {
    return [this, sender](const TaskControl&, const Warranted&) {
      ++dials;
      return std::make_unique<ExchangeDialer>(exchange, sender);
    };
  }
  Work lon{{"lon-1", lon_volumes, reports, lon_warrants, lon_receipts, Legs(true), clock}};
  Work van{{"van-1", van_volumes, reports, van_warrants, van_receipts, Legs(false), clock}};
  ReleaseCheck lon_release;  // where a test gives one
  PathRef source = {"proj", "shots/sh010", {}};
  Merge merge = Merge::kNever;
  bool replace = false;
  uint64_t epoch = 0;
  absl::Status sent, received;
};

TEST_CASE("a scan hands in the manifest in chunks, and then the listing they add up to") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  site.tree.Write("lon/proj/shots/sh010/b.exr", "beta");
  const ScanReport report = site.Scan();
  CHECK(report.reason.empty());
  CHECK(report.files == 2);
  CHECK(report.bytes == 9);
  REQUIRE(report.chunks == site.reports.chunks.size());
  wire::Manifest manifest;
  wire::ManifestDecoder decoder;
  for (const std::string& chunk : site.reports.chunks) REQUIRE(decoder.Add(chunk, &manifest).ok());
  CHECK(base::ToHex(wire::ListingDigest(manifest)) == report.listing);
}

TEST_CASE("a scan of what is not there says so, and of a volume that is not configured too") {
  TwoAgents site;
  CHECK(site.Scan().reason == "SOURCE_MISSING");
  site.source.volume = "cache";
  CHECK(site.Scan().reason == "VOLUME_UNKNOWN");
  CHECK(site.reports.chunks.empty());
}

TEST_CASE("a hash is of the listing that was asked for, or says that it has changed") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  CHECK(site.Do(site.lon, {"hash", "t-1", HashTask{site.source, 1, listed.listing}}).ok());
  REQUIRE(site.reports.contents.size() == 1);
  CHECK(site.reports.contents[0].content.size() == 64);
  site.tree.Write("lon/proj/shots/sh010/a.exr", "another");
  CHECK(site.Do(site.lon, {"hash", "t-1", HashTask{site.source, 1, listed.listing}}).ok());
  REQUIRE(site.reports.contents.size() == 2);
  CHECK(site.reports.contents[1].reason == "SOURCE_CHANGED");
}

TEST_CASE("a move ends with two receipts, signed by the agents, the sender's first") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  site.Move(site.Scan());
  INFO(site.sent << " / " << site.received);
  REQUIRE(site.sent.ok());
  REQUIRE(site.received.ok());
  CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "alpha");
  REQUIRE(site.reports.receipts.size() == 2);
  CHECK(trust::SignedStatement::Parse(site.reports.receipts[0])->VerifyExactly(site.lon_key.Public()).ok());
  CHECK(trust::SignedStatement::Parse(site.reports.receipts[1])->VerifyExactly(site.van_key.Public()).ok());
  const trust::Receipt sent = Read(site.reports.receipts[0]);
  const trust::Receipt landed = Read(site.reports.receipts[1]);
  CHECK(sent.role == trust::ReceiptRole::kSent);
  CHECK(landed.role == trust::ReceiptRole::kLanded);
  CHECK(landed.agent == "van-1");
  CHECK(sent.listing == landed.listing);
  CHECK(sent.policy == landed.policy);
  CHECK(sent.bytes == 5);
  CHECK(landed.bytes == 5);
  CHECK(site.reports.failures.empty());
  CHECK(site.van_receipts.Kept().empty());
}

TEST_CASE("an empty file that its scan allowed moves without being asked about again") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "");
  site.Move(site.Scan(/*allow_empty_files=*/true));
  INFO(site.sent << " / " << site.received);
  CHECK(site.received.ok());
  CHECK(site.tree.Exists("van/proj/in/sh010/a.exr"));
}

TEST_CASE("a file is verified as far as the agent's own reading of the policy wants, whatever the task says") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  site.van_warrants.answer->verify = "readback";
  site.Move(site.Scan());
  REQUIRE(site.received.ok());
  CHECK(Read(site.reports.receipts.at(1)).verify == trust::ReceiptVerify::kReadback);
}

TEST_CASE("what must have an integrity record does not land where none is kept") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  site.van_warrants.answer->record = true;
  const MoveTask move = site.Receiving(site.Scan());
  CHECK(base::ReasonOf(site.Do(site.van, {"receive", "t-1", move})) == "RECORD_REQUIRED");
  CHECK(site.dials == 0);
  CHECK_FALSE(site.tree.Exists("van/proj/in"));
}

// A site's scan that says what a test wants.
struct SaidScan : ReleaseScan {
  absl::Status Run(const std::vector<std::string>& files, std::stop_token) const override {
    seen.push_back(files);
    return answer;
  }
  absl::Status answer;
  mutable std::vector<std::vector<std::string>> seen;
};

TEST_CASE("where the policy wants a scan, a site that has none sends nothing, not even a name") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  site.lon_warrants.answer->scan = true;
  site.Move(site.Scan());
  CHECK(base::ReasonOf(site.sent) == "RELEASE_SCAN_MISSING");
  CHECK_FALSE(site.received.ok());
  REQUIRE_FALSE(site.reports.failures.empty());
  CHECK(site.reports.failures[0] == "RELEASE_SCAN_MISSING");
  CHECK(site.reports.receipts.empty());
  CHECK_FALSE(site.tree.Exists("van/proj/in"));
}

TEST_CASE("a scan is asked about every file before anything leaves, and its finding ends the attempt") {
  TwoAgents site;
  SaidScan scan;
  site.lon_release = {&scan, {{"proj", "/mnt/proj"}}};
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  site.tree.Write("lon/proj/shots/sh010/b/c.exr", "beta");
  site.lon_warrants.answer->scan = true;
  scan.answer =
      base::WithReason(base::FailedPrecondition("the site's release scan found: Eicar"), "RELEASE_SCAN_FOUND");
  const ScanReport listed = site.Scan();
  site.Move(listed);
  CHECK(base::ReasonOf(site.sent) == "RELEASE_SCAN_FOUND");
  CHECK(scan.seen ==
        std::vector<std::vector<std::string>>{{"/mnt/proj/shots/sh010/a.exr", "/mnt/proj/shots/sh010/b/c.exr"}});
  CHECK_FALSE(site.tree.Exists("van/proj/in"));
  // Whichever end reports first, it is this.
  for (const std::string& reason : site.reports.failures) CHECK(reason == "RELEASE_SCAN_FOUND");

  scan.answer = absl::OkStatus();
  site.reports.failures.clear();
  site.Move(listed);
  INFO(site.sent << " / " << site.received);
  REQUIRE(site.received.ok());
  CHECK(Read(site.reports.receipts.at(0)).scan == "clean");
  CHECK(Read(site.reports.receipts.at(1)).scan.empty());
}

TEST_CASE("without the obligation no scan is made, and the receipt says of none") {
  TwoAgents site;
  SaidScan scan;
  site.lon_release = {&scan, {{"proj", "/mnt/proj"}}};
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  site.Move(site.Scan());
  REQUIRE(site.received.ok());
  CHECK(scan.seen.empty());
  CHECK(Read(site.reports.receipts.at(0)).scan.empty());
}

TEST_CASE("a move without a warrant dials nobody, and its reason is reported") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  const absl::Status refused = base::WithReason(base::PermissionDenied("denied by rule 3"), "POLICY_DENIED");
  site.lon_warrants.answer = site.van_warrants.answer = refused;
  site.Move(listed);
  CHECK(site.dials == 0);
  CHECK(site.reports.failures == std::vector<std::string>{"POLICY_DENIED", "POLICY_DENIED"});
  CHECK_FALSE(site.tree.Exists("van/proj/in"));
}

TEST_CASE("what may no longer move when everything has landed is not published, by either end alone") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  const absl::Status withdrawn = base::WithReason(base::PermissionDenied("withdrawn"), "CLEARANCE_NEEDS_APPROVALS");
  const bool by_sender = GENERATE(true, false);
  INFO((by_sender ? "the sender's" : "the receiver's"));
  (by_sender ? site.lon_warrants : site.van_warrants).later = withdrawn;
  site.Move(listed);
  CHECK(base::ReasonOf(by_sender ? site.sent : site.received) == "CLEARANCE_NEEDS_APPROVALS");
  const auto& failures = site.reports.failures;
  CHECK(std::find(failures.begin(), failures.end(), "CLEARANCE_NEEDS_APPROVALS") != failures.end());
  CHECK_FALSE(site.tree.Exists("van/proj/in"));
  CHECK(site.van_receipts.Kept().empty());
}

TEST_CASE("a destination that is taken is reported as what it is, by both ends") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "new");
  site.tree.Write("van/proj/in/sh010/a.exr", "old");
  site.Move(site.Scan());
  CHECK(site.reports.failures == std::vector<std::string>{"DESTINATION_EXISTS", "DESTINATION_EXISTS"});
  CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "old");
}

TEST_CASE("a volume gives a transfer no more than the site's own configuration says, whoever asks") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "new");
  site.tree.Write("lon/proj/shots/sh010/b.exr", "b");
  site.tree.Write("van/proj/in/sh010/a.exr", "old");
  site.tree.Write("van/proj/in/sh010/other.exr", "other");
  const ScanReport listed = site.Scan();
  site.merge = Merge::kWhole;
  site.replace = true;
  SECTION("neither a merge nor a replacement when it says nothing") {
    CHECK_FALSE(site.Do(site.van, {"receive", "t-1", site.Receiving(listed)}).ok());
    CHECK(site.reports.failures == std::vector<std::string>{"LANDING_NOT_ALLOWED"});
    CHECK(site.dials == 0);
  }
  const VolumeOptions generous{false, Merge::kVisible, true};
  SECTION("a merge, and still no replacement") {
    site.van_volumes["proj"] = *Volume::Open("proj", site.tree.at("van/proj"), {false, Merge::kWhole}, site.calls);
    CHECK_FALSE(site.Do(site.van, {"receive", "t-1", site.Receiving(listed)}).ok());
    CHECK(site.reports.failures == std::vector<std::string>{"LANDING_NOT_ALLOWED"});
    site.replace = false;
    site.Move(listed);
    CHECK(site.reports.failures.back() == "DESTINATION_EXISTS");
  }
  SECTION("both") {
    site.van_volumes["proj"] = *Volume::Open("proj", site.tree.at("van/proj"), generous, site.calls);
    site.Move(listed);
    INFO(site.sent << " / " << site.received);
    CHECK(site.received.ok());
    CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "new");
    CHECK(site.tree.Read("van/proj/in/sh010/other.exr") == "other");
  }
}

TEST_CASE("a publish whose answer never came is no failure, and the next start finishes it") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  site.reports.verdict = base::Unavailable("gone");
  site.Move(listed);
  CHECK(base::ReasonOf(site.received) == "COMMIT_UNKNOWN");
  CHECK_FALSE(site.tree.Exists("van/proj/in/sh010"));
  site.reports.verdict = CommitVerdict::kPublish;
  SECTION("by itself") { site.van.Recover({}); }
  SECTION("when it is told to") {
    CHECK(site.Do(site.van, {"finish", "t-1", FinishTask{{"proj", "in/sh010", {}}, {1, 1}}}).ok());
  }
  CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "alpha");
  CHECK(Read(site.reports.receipts.back()).role == trust::ReceiptRole::kLanded);
}

TEST_CASE("a receipt that was not taken is kept, and handed in by the next start") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  trust::Receipt receipt;
  const ScanReport listed = site.Scan();
  receipt.transfer = "t-1";
  receipt.role = trust::ReceiptRole::kLanded;
  receipt.listing = listed.listing;
  receipt.files = 1;
  receipt.bytes = 5;
  receipt.request = "t-1";
  receipt.policy = std::string(64, 'b');
  const auto text = site.van_receipts.Sign(receipt, {1, 1}, false);
  INFO(text.status());
  REQUIRE(text.ok());
  REQUIRE(site.van_receipts.Keep(*text).ok());
  site.reports.receipts_taken = false;
  site.van.Recover({});
  CHECK(site.van_receipts.Kept().size() == 1);
  site.reports.receipts_taken = true;
  site.van.Recover({});
  CHECK(site.van_receipts.Kept().empty());
  CHECK(site.reports.receipts == std::vector<std::string>{text->text});
}

TEST_CASE("a sender that is started again in the middle of an attempt hands in the receipt that it signed first") {
  TwoAgents site;
  const trust::Receipt sent = site.Sent(std::chrono::seconds(2'000));
  const auto first = site.lon_receipts.SignSent(sent, {1, 1});
  REQUIRE(first.ok());
  // Killed before anybody had it. The attempt is begun again, by a program that knows only what is on the disk.
  const Receipts restarted(site.tree.at("lon/kept"), "lon-1", "lon", site.lon_key);
  const auto again = restarted.SignSent(site.Sent(std::chrono::seconds(2'009)), {1, 1});
  REQUIRE(again.ok());
  CHECK(again->text == first->text);
  CHECK(restarted.SignSent(site.Sent(std::chrono::seconds(2'009)), {1, 2})->text != first->text);
}

TEST_CASE("a start hands the sender's receipt in, and keeps it until the attempt is over") {
  TwoAgents site;
  const base::Instant now = site.clock.Now();
  const auto young = site.lon_receipts.SignSent(site.Sent(now.time_since_epoch() - std::chrono::hours(1)), {1, 1});
  REQUIRE(young.ok());
  const auto old = site.lon_receipts.SignSent(site.Sent(now.time_since_epoch() - std::chrono::days(8)), {1, 2});
  REQUIRE(old.ok());
  site.lon.Recover({});
  CHECK(site.reports.receipts == std::vector<std::string>{young->text});
  CHECK(site.lon_receipts.SignSent(site.Sent(now.time_since_epoch()), {1, 1})->text == young->text);
  site.lon_receipts.ForgetSent("t-1", {1, 2});
  CHECK(site.lon_receipts.KeptSent({}).empty());
}

TEST_CASE("an attempt that begins again after its receipt was signed ends with that receipt") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  const auto first = site.lon_receipts.SignSent(site.Sent(std::chrono::seconds(2'000)), {1, 1});
  REQUIRE(first.ok());
  site.Move(listed);
  INFO(site.sent << " / " << site.received);
  REQUIRE(site.received.ok());
  CHECK(site.reports.receipts[0] == first->text);
  // Over, and forgotten.
  CHECK(site.lon_receipts.KeptSent({}).empty());
}

TEST_CASE("a finish of an attempt that left nothing says so") {
  TwoAgents site;
  const absl::Status status = site.Do(site.van, {"finish", "t-1", FinishTask{{"proj", "in/sh010", {}}, {1, 1}}});
  CHECK(base::ReasonOf(status) == "JOURNAL_MISSING");
}

// Receipts of the receiver, each text once.
std::set<std::string> LandedTexts(const RecordingReports& reports) {
  std::set<std::string> texts;
  for (const std::string& text : reports.receipts) {
    if (Read(text).role == trust::ReceiptRole::kLanded) texts.insert(text);
  }
  return texts;
}

TEST_CASE("a start and a task that find the same publish make it one after the other, with one receipt") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  site.reports.verdict = base::Unavailable("gone");
  site.Move(listed);
  site.reports.verdict = CommitVerdict::kPublish;
  base::Mutex mutex;
  base::CondVar changed;
  int inside = 0;
  int together = 0;
  site.reports.on_commit = [&] {
    base::MutexLock lock(mutex);
    together = std::max(together, ++inside);
    changed.NotifyAll();
    // Time for the other one to come in, if nothing keeps it out.
    if (inside == 1) changed.WaitFor(mutex, std::chrono::milliseconds(300));
    --inside;
  };
  std::thread recovery([&] { site.van.Recover({}); });
  (void)site.Do(site.van, {"finish", "t-1", FinishTask{{"proj", "in/sh010", {}}, {1, 1}}});
  recovery.join();
  CHECK(together == 1);
  CHECK(LandedTexts(site.reports).size() == 1);
  CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "alpha");
  CHECK_FALSE(site.tree.Exists("van/proj/.crossdock/t-1"));
}

TEST_CASE("a receipt is made from the journal alone: made again by a later start, it is the same to the byte") {
  TwoAgents site;
  PublishJournal journal;
  journal.phase = PublishPhase::kPublished;
  journal.transfer = "t-1";
  journal.agent = "van-1";
  journal.epoch = {1, 1};
  journal.destination = "in/sh010";
  journal.listing_digest = journal.policy_digest = std::string(32, 'd');
  journal.began_us = 1'000'000'000;
  journal.ended_us = 2'000'000'000;
  for (int start = 0; start < 2; ++start) {
    // As if the program died before the journal was removed.
    site.tree.Write("van/proj/.crossdock/t-1/van-1-1.1/journal", Encode(journal));
    site.van.Recover({});
  }
  REQUIRE(site.reports.receipts.size() == 2);
  CHECK(site.reports.receipts[0] == site.reports.receipts[1]);
  CHECK(Read(site.reports.receipts[0]).ended == base::Instant(std::chrono::seconds(2'000)));
  CHECK_FALSE(site.tree.Exists("van/proj/.crossdock/t-1"));
}

TEST_CASE("an attempt that is started again takes up the journal of its earlier run, without dialling") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  site.reports.verdict = base::Unavailable("gone");
  site.Move(listed);
  site.reports.verdict = CommitVerdict::kPublish;
  const int dials = site.dials;
  const absl::Status status = site.Do(site.van, {"receive", "t-1", site.Receiving(listed)});
  INFO(status);
  CHECK(status.ok());
  CHECK(site.reports.failures.empty());
  CHECK(site.dials == dials + 1);  // a dialler was made, and dialled nobody: there is nobody
  CHECK(LandedTexts(site.reports).size() == 1);
  CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "alpha");
  CHECK_FALSE(site.tree.Exists("van/proj/.crossdock/t-1"));
}

TEST_CASE("a delivered package leaves no staging at all, of none of its attempts") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  site.reports.verdict = CommitVerdict::kFenced;
  site.Move(listed);
  CHECK(site.tree.Exists("van/proj/.crossdock/t-1/van-1-1.1"));
  site.reports.verdict = CommitVerdict::kPublish;
  site.Move(listed);
  INFO(site.received);
  CHECK(site.received.ok());
  CHECK_FALSE(site.tree.Exists("van/proj/.crossdock/t-1"));
}

TEST_CASE("cleaning asks once more what became of a commit, and then removes the staging") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  site.reports.verdict = base::Unavailable("gone");
  site.Move(listed);
  const Task clean{"clean", "t-1", CleanTask{"proj", {1, 1}}};
  CHECK(base::ReasonOf(site.Do(site.van, clean)) == "COMMIT_UNKNOWN");
  CHECK(site.tree.Exists("van/proj/.crossdock/t-1"));
  site.reports.verdict = CommitVerdict::kFenced;
  CHECK(site.Do(site.van, clean).ok());
  CHECK_FALSE(site.tree.Exists("van/proj/.crossdock/t-1"));
  CHECK_FALSE(site.tree.Exists("van/proj/in"));
  CHECK(site.reports.cleans == std::vector<std::string>{"1.1 COMMIT_UNKNOWN", "1.1 "});
}

TEST_CASE("cleaning removes this agent's attempts up to the epoch that it names, and touches nothing else") {
  TwoAgents site;
  for (const char* const path : {"t-1/van-1-1.1", "t-1/van-1-1.2", "t-1/van-1-1.3", "t-1/van-2-1.1", "t-2/van-1-1.1"})
    site.tree.Write(base::StrCat("van/proj/.crossdock/", path, "/data/a.exr"), "part");
  site.tree.Write("van/proj/in/sh010/a.exr", "published");
  // A link in the staging that leads to a published package is a name to be removed, and not followed.
  fs::create_directory_symlink(site.tree.at("van/proj/in"), site.tree.at("van/proj/.crossdock/t-1/van-1-1.0"));
  fs::create_directory_symlink(site.tree.at("van/proj/in"),
                               site.tree.at("van/proj/.crossdock/t-1/van-1-1.1/data/link"));
  CHECK(site.Do(site.van, {"clean", "t-1", CleanTask{"proj", {1, 2}}}).ok());
  for (const char* const gone : {"t-1/van-1-1.0", "t-1/van-1-1.1", "t-1/van-1-1.2"})
    CHECK_FALSE(site.tree.Exists(base::StrCat("van/proj/.crossdock/", gone)));
  for (const char* const kept : {"t-1/van-1-1.3", "t-1/van-2-1.1", "t-2/van-1-1.1"})
    CHECK(site.tree.Exists(base::StrCat("van/proj/.crossdock/", kept, "/data/a.exr")));
  CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "published");
  // What is gone is clean: an answer that was lost is asked for again.
  CHECK(site.Do(site.van, {"clean", "t-1", CleanTask{"proj", {1, 2}}}).ok());
  CHECK(site.reports.cleans == std::vector<std::string>{"1.2 ", "1.2 "});
}

TEST_CASE("no transfer's name leads cleaning out of the staging") {
  TwoAgents site;
  site.tree.Write("van/proj/van-1-1.1/a.exr", "at the root");
  site.tree.Write("van/proj/in/van-1-1.1/a.exr", "published");
  site.tree.Write("van/outside/van-1-1.1/a.exr", "outside");
  site.tree.Write("van/proj/.crossdock/van-1-1.1/data/a.exr", "no transfer's");
  fs::create_directory_symlink(site.tree.at("van/outside"), site.tree.at("van/proj/.crossdock/linked"));
  const auto transfer = GENERATE(as<std::string>(), "", ".", "..", "../in", "../../outside", "/", "in/../../in", "a/b",
                                 "linked", "t\n1", std::string("t\0", 2), std::string(300, 't'));
  INFO("'" << transfer << "'");
  CHECK_FALSE(site.Do(site.van, {"clean", transfer, CleanTask{"proj", {9, 9}}}).ok());
  CHECK(site.tree.Exists("van/proj/van-1-1.1/a.exr"));
  CHECK(site.tree.Exists("van/proj/in/van-1-1.1/a.exr"));
  CHECK(site.tree.Exists("van/outside/van-1-1.1/a.exr"));
  CHECK(site.tree.Exists("van/proj/.crossdock/van-1-1.1/data/a.exr"));
  REQUIRE(site.reports.cleans.size() == 1);
  CHECK(site.reports.cleans[0] != "9.9 ");
}

TEST_CASE("staging is not cleaned while an attempt at the transfer runs, whatever epoch is named") {
  TwoAgents site;
  site.tree.Write("lon/proj/shots/sh010/a.exr", "alpha");
  const ScanReport listed = site.Scan();
  std::string refused;
  site.reports.on_commit = [&] {
    if (!std::exchange(refused, "not at all").empty()) return;
    refused = base::ReasonOf(site.Do(site.van, {"clean", "t-1", CleanTask{"proj", {9, 9}}}));
    CHECK(site.tree.Exists("van/proj/.crossdock/t-1/van-1-1.1/data/a.exr"));
  };
  site.Move(listed);
  CHECK(refused == "STAGING_BUSY");
  CHECK(site.reports.cleans == std::vector<std::string>{"9.9 STAGING_BUSY"});
  CHECK(site.received.ok());
  CHECK(site.tree.Read("van/proj/in/sh010/a.exr") == "alpha");
}

TEST_CASE("a volume that is no longer configured is the reason why nothing is cleaned") {
  TwoAgents site;
  CHECK_FALSE(site.Do(site.van, {"clean", "t-1", CleanTask{"cache", {1, 1}}}).ok());
  CHECK(site.reports.cleans == std::vector<std::string>{"1.1 VOLUME_UNKNOWN"});
}

}  // namespace
}  // namespace crossdock::agent
