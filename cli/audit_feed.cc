// crossdock audit feed: the audit log as it grows, into a log collector; syslog (RFC 5424) over TLS (RFC 5425).
//
// At least once: syslog has no acknowledgement, so a record counts as delivered, and its number is kept in the state
// file, when the stream still stood a while after it was written. What was under way when it broke is sent again.
#include <algorithm>
#include <chrono>
#include <optional>
#include <ostream>

#include "absl/strings/numbers.h"

#include "cli/audit_event.h"
#include "cli/verb.h"
#include "crossdock/admin/v1/admin.grpc.pb.h"
#include "lib/base/file.h"
#include "lib/base/mutex.h"
#include "lib/https/tls_stream.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using std::chrono::milliseconds;
using v1::AuditService;

constexpr milliseconds kPollInterval{1'000};
constexpr milliseconds kRetryFirst{1'000};
constexpr milliseconds kRetryMost{60'000};
constexpr uint64_t kPagesAtOnce = 50;  // until it is looked whether they were taken

struct Options {
  https::TlsPeer collector;
  std::string state;
  std::string client;
  bool once = false;
};

// RFC 5425, section 4.3: the length of the message, a space, the message, which has no line feed of its own.
std::string Frame(std::string line) {
  if (line.ends_with('\n')) line.pop_back();
  return base::StrCat(line.size(), " ", line);
}

bool MayPass(const absl::Status& status) { return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status); }

class Feed {
 public:
  Feed(const Options& options, Context& context) : options_(options), context_(context) {}

  absl::Status Run() {
    RETURN_IF_ERROR(ReadState());
    ASSIGN_OR_RETURN(stub_, StubOf<AuditService>(context_));
    milliseconds retry = kRetryFirst;
    while (true) {
      const absl::StatusOr<bool> done = Step();
      if (done.ok() && *done && options_.once) return absl::OkStatus();
      if (!done.ok()) {
        stream_.reset();
        sent_ = delivered_;
        if (options_.once || !MayPass(done.status())) return done.status();
        context_.err << "crossdock: " << done.status().message() << "; again in " << retry.count() / 1000 << " s"
                     << std::endl;
      }
      if (!done.ok() || *done) Wait(done.ok() ? kPollInterval : retry);
      retry = done.ok() ? kRetryFirst : std::min(2 * retry, kRetryMost);
    }
  }

 private:
  absl::Status ReadState() {
    const absl::StatusOr<std::string> text = base::ReadFile(options_.state, 64);
    if (absl::IsNotFound(text.status())) return absl::OkStatus();
    RETURN_IF_ERROR(text.status());
    if (!absl::SimpleAtoi(*text, &delivered_)) {
      return base::WithReason(base::InvalidArgument(options_.state, " holds no record's number; remove it to send all"),
                              "STATE_INVALID");
    }
    sent_ = delivered_;
    return absl::OkStatus();
  }

  // One page; gives whether that was the last for now, and everything is delivered.
  absl::StatusOr<bool> Step() {
    if (!stream_) {
      ASSIGN_OR_RETURN(stream_, https::TlsStream::Connect(options_.collector));
    }
    v1::ListAuditRecordsRequest request;
    request.set_client(options_.client);
    request.set_page_size(100);
    request.set_after_number(sent_);
    ASSIGN_OR_RETURN(const auto page,
                     Call(context_.connection, *stub_, &AuditService::Stub::ListAuditRecords, request));
    std::string frames;
    for (const auto& record : page.records()) frames += Frame(SyslogLine(EventOf(record)));
    RETURN_IF_ERROR(stream_->Write(frames));
    if (!page.records().empty()) sent_ = page.records().rbegin()->number();
    const bool more = !page.next_page_token().empty();
    if (more && ++pages_ % kPagesAtOnce != 0) return false;
    if (sent_ != delivered_) {
      Wait(kPollInterval);
      RETURN_IF_ERROR(stream_->CheckOpen());
      RETURN_IF_ERROR(base::WriteFileAtomic(options_.state, base::StrCat(sent_, "\n"), 0600));
      delivered_ = sent_;
    }
    RETURN_IF_ERROR(stream_->CheckOpen());
    return !more;
  }

  // Nobody wakes this wait.
  void Wait(milliseconds time) {
    base::MutexLock lock(mutex_);
    never_.WaitFor(mutex_, time);
  }

  const Options& options_;
  Context& context_;
  std::unique_ptr<AuditService::Stub> stub_;
  std::optional<https::TlsStream> stream_;
  uint64_t sent_ = 0;       // written
  uint64_t delivered_ = 0;  // as the state file says
  uint64_t pages_ = 0;
  base::Mutex mutex_;
  base::CondVar never_;
};

absl::Status RunFeed(const Options& options, Context& context) {
  if (options.collector.certificate_file.empty() != options.collector.key_file.empty()) {
    return base::InvalidArgument("--collector-cert and --collector-key go together");
  }
  return Feed(options, context).Run();
}

}  // namespace

void AddAuditFeed(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  CLI::App* feed = AddVerb(noun, context, options, "feed",
                           "send the log as it grows to a log collector: syslog over TLS, at least once", RunFeed);
  feed->add_option("--to", options->collector.address, "the collector, host:port; usually port 6514")->required();
  feed->add_option("--state", options->state, "file for the last delivered number; it goes on from there")->required();
  feed->add_option("--collector-ca", options->collector.ca_file, "authorities to believe; the system's if not given");
  feed->add_option("--collector-cert", options->collector.certificate_file, "our certificate, where one is asked for");
  feed->add_option("--collector-key", options->collector.key_file, "its key");
  feed->add_option("--client", options->client, "this client's log only");
  feed->add_flag("--once", options->once, "end when all that is there is delivered, or at the first error");
}

}  // namespace crossdock::cli
