#include "agent/transfer/send_attempt.h"

#include <fcntl.h>
#include <poll.h>

#include <cerrno>
#include <thread>

#include "agent/core/stream_count.h"
#include "agent/storage/content_hash.h"
#include "agent/storage/io_reason.h"
#include "agent/transfer/data_sender.h"
#include "agent/transfer/leg_loop.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

using namespace std::chrono_literals;
using wire::Reason;

namespace {

// The peer may live, and does not know that this end has gone.
bool LineBroke(const absl::Status& status) {
  const std::string reason = base::ReasonOf(status);
  return reason == Name(Reason::kPeerLost) || reason == Name(Reason::kPeerSilent);
}

// How soon a leg that has nothing to send notices that its line broke.
constexpr std::chrono::milliseconds kIdleLook{250};

// The receiver says nothing on a data leg, so the end of its side is the line's. Nobody writes who would notice.
bool HasEnded(const ByteStream& stream) {
  pollfd watched{stream.fd(), POLLRDHUP, 0};
  return ::poll(&watched, 1, 0) > 0;
}

}  // namespace

SendAttempt::SendAttempt(SendPlan plan, const Deps& deps)
    : plan_(std::move(plan)), deps_(deps), pace_(plan_.bytes_per_second_max) {}

SendAttempt::~SendAttempt() = default;

absl::StatusOr<SendResult> SendAttempt::Run(std::stop_token stop) {
  RETURN_IF_ERROR(CheckTerms(plan_.terms));
  Lifeline lifeline(stop);
  const std::stop_callback stop_landed(stop, [this] { landed_stop_.request_stop(); });
  result_.began = deps_.clock.Now();
  auto result = RunInside(lifeline);
  counters_.stage = Stage::kEnded;
  return result;
}

absl::StatusOr<SendResult> SendAttempt::RunInside(Lifeline& lifeline) {
  const std::stop_callback wake(lifeline.token(), [this] {
    base::MutexLock lock(mutex_);
    changed_.NotifyAll();
  });
  std::jthread preparing([&] {
    const absl::Status status = Prepare(lifeline.token());
    base::MutexLock lock(mutex_);
    prepared_ = status;
    lifeline.Wake();
  });
  // The legs dial while the scan runs and the control leg greets.
  StartLegs(plan_.terms.streams, lifeline);
  const std::jthread watching([&] { WatchLegs(lifeline); });
  const auto fail = [&](const absl::Status& status) {
    lifeline.Fail(status);
    return lifeline.status().ok() ? status : lifeline.status();
  };

  auto stream = DialControl(deps_.dialer, lifeline);
  if (!stream.ok()) {
    const absl::Status first = fail(stream.status());
    legs_.clear();
    return first;
  }
  ControlChannel control(**stream, deps_.clock, lifeline);
  if (const absl::Status status = Greet(control, lifeline); !status.ok()) {
    const absl::Status first = fail(status);
    control.SayWhy(first);
    legs_.clear();
    return first;
  }
  wire::ManifestEncoder encoder(package_->manifest);
  bool ended = false;
  const auto next_bulk = [&]() -> std::optional<std::string> {
    if (!encoder.done()) return Encode(wire::ControlFrame(wire::ManifestChunk{encoder.NextChunk()}));
    if (std::exchange(ended, true)) return std::nullopt;
    return Encode(wire::ControlFrame(wire::ManifestEnd{package_->manifest.entries.size(), package_->listing_digest}));
  };
  const absl::Status status =
      control.Run([&](wire::ControlFrame frame) { return Handle(std::move(frame), control, lifeline); }, next_bulk);
  const bool handed_in = JoinLanded(status);
  if (!status.ok()) lifeline.Fail(status);
  lifeline.Finish();
  legs_.clear();
  if (status.ok()) control.Close();
  if (status.ok() || (handed_in && LineBroke(lifeline.status()))) return result_;
  return lifeline.status();
}

bool SendAttempt::JoinLanded(const absl::Status& control) {
  // Published: then the receipt is there, and its thread ends by itself. A broken line does not take back what has
  // landed. Anything else makes the receipt void.
  if (!control.ok() && !LineBroke(control)) landed_stop_.request_stop();
  std::thread landed;
  {
    base::MutexLock lock(mutex_);
    landed.swap(landed_);
  }
  if (!landed.joinable()) return false;
  landed.join();
  base::MutexLock lock(mutex_);
  return landed_status_.ok();
}

absl::Status SendAttempt::Prepare(const std::stop_token& stop) {
  package_ = plan_.scanned;
  std::shared_ptr<ScanResult> own;
  if (!package_) {
    counters_.stage = Stage::kScanning;
    ASSIGN_OR_RETURN(ScanResult scanned, RequireSendable(Scan(deps_.volume, plan_.source, plan_.scan, stop)));
    package_ = own = std::make_shared<ScanResult>(std::move(scanned));
  }
  if (package_->listing_digest != plan_.terms.listing_digest) {
    return Fail(Reason::kSourceChanged, "the package is no longer what was listed and decided; it is listed again");
  }
  counters_.files_total = result_.files = package_->manifest.files();
  counters_.bytes_total = result_.bytes = package_->manifest.bytes();
  if (result_.files != plan_.terms.files || result_.bytes != plan_.terms.bytes) {
    return Fail(Reason::kSourceChanged, "the package has ", result_.files, " files and ", result_.bytes,
                " bytes, not what was decided");
  }
  if (!plan_.terms.content_root.empty()) {
    if (!package_->manifest.hashed()) {
      counters_.stage = Stage::kHashing;
      // One that this attempt made is its own: a second one of a million entries would take too much.
      ScanResult hashed = own ? std::move(*own) : *package_;
      package_.reset();
      RETURN_IF_ERROR(HashContent(deps_.volume, hashed.root, &hashed.manifest, &counters_.bytes_hashed, stop).status());
      package_ = std::make_shared<const ScanResult>(std::move(hashed));
    }
    ASSIGN_OR_RETURN(const std::string root, wire::ContentRoot(package_->manifest));
    if (root != plan_.terms.content_root) {
      return Fail(Reason::kSourceChanged, "the content is no longer what was approved");
    }
  }
  if (plan_.release) RETURN_IF_ERROR(plan_.release(*package_, stop));
  package_directory_ = OpenBeneath(deps_.volume.root(), package_->root, O_RDONLY | O_DIRECTORY);
  if (!package_directory_) return SourceError(errno, "cannot open", package_->root);
  counters_.stage = Stage::kConnecting;
  return absl::OkStatus();
}

absl::Status SendAttempt::AwaitPrepared(ControlChannel& control, const Lifeline& lifeline) {
  while (true) {
    if (lifeline.ended()) return lifeline.status();
    {
      base::MutexLock lock(mutex_);
      if (prepared_) return *prepared_;
    }
    // A long scan: the receiver waits for our hello, and must know that we are there; one that cannot begin says so.
    RETURN_IF_ERROR(control.StayAlive());
  }
}

absl::Status SendAttempt::Greet(ControlChannel& control, Lifeline& lifeline) {
  RETURN_IF_ERROR(AwaitPrepared(control, lifeline));
  wire::Hello hello = MakeHello(plan_.terms);
  hello.form = package_->form;
  hello.entries = package_->manifest.entries.size();
  hello.files = result_.files;
  hello.bytes = result_.bytes;
  hello.holes = std::min(package_->holes, result_.bytes);
  const base::Steady asked = deps_.clock.MonotonicNow();
  RETURN_IF_ERROR(control.SendNow(hello));
  ASSIGN_OR_RETURN(const wire::ControlFrame frame, control.ReceiveNow());
  const base::Steady answered = deps_.clock.MonotonicNow();
  const auto* peer = std::get_if<wire::Hello>(&frame);
  if (peer == nullptr) return Fail(Reason::kPeerProtocol, "the receiver did not begin with hello");
  RETURN_IF_ERROR(CheckHello(*peer, plan_.terms));
  result_.peer_roster_number = peer->roster_number;
  const uint16_t streams = StreamsFor(plan_.terms.streams, answered - asked, plan_.bytes_per_second_max, result_.bytes);
  if (streams > plan_.terms.streams) {
    RETURN_IF_ERROR(control.SendNow(wire::Streams{streams}));
    StartLegs(streams, lifeline);
  }
  base::MutexLock lock(mutex_);
  board_ = std::make_unique<SendBoard>(package_->manifest, streams);
  return absl::OkStatus();
}

absl::StatusOr<bool> SendAttempt::Handle(wire::ControlFrame frame, ControlChannel& control, Lifeline& lifeline) {
  if (const auto* published = std::get_if<wire::Published>(&frame)) {
    result_.already_present = published->already_present;
    base::MutexLock lock(mutex_);
    if (!board_->AllAcknowledged()) return Fail(Reason::kPeerProtocol, "published before every file was acknowledged");
    return false;
  }
  if (const auto* refused = std::get_if<wire::BlockRefused>(&frame)) return HandleRefused(*refused);
  base::MutexLock lock(mutex_);
  RETURN_IF_ERROR(TakeAcks(frame));
  if (may_send_ && board_->AllAcknowledged() && !std::exchange(sent_said_, true)) {
    control.Queue(wire::Sent{result_.files, result_.bytes});
    counters_.stage = Stage::kPublishing;
    SayLanded(lifeline);
  }
  changed_.NotifyAll();
  return true;
}

void SendAttempt::SayLanded(Lifeline& lifeline) {
  result_.bytes_sent = counters_.bytes_moved;
  result_.ended = deps_.clock.Now();
  if (!plan_.landed) return;
  landed_ = std::thread([this, &lifeline, result = result_] {
    const absl::Status status = plan_.landed(result, landed_stop_.get_token());
    if (!status.ok()) lifeline.Fail(status);
    base::MutexLock lock(mutex_);
    landed_status_ = status;
  });
}

absl::Status SendAttempt::TakeAcks(const wire::ControlFrame& frame) {
  bool sound = true;
  if (const auto* have = std::get_if<wire::Have>(&frame)) {
    for (const auto& range : have->ranges) {
      sound = sound && range.first + uint64_t{range.count} <= package_->manifest.entries.size();
      // Ranges run over directories too.
      for (uint32_t i = range.first; sound && i < range.first + range.count; ++i) board_->Acknowledge(i);
    }
    may_send_ = may_send_ || have->last;
    if (have->last) counters_.stage = Stage::kMoving;
  } else if (const auto* ack = std::get_if<wire::FileAck>(&frame)) {
    for (const uint32_t index : ack->indexes) sound = board_->Acknowledge(index) && sound;
  } else if (const auto* part = std::get_if<wire::BlockAck>(&frame)) {
    for (const wire::Block& block : part->blocks) sound = board_->Acknowledge(block) && sound;
  } else {
    return Fail(Reason::kPeerProtocol, "the receiver sent a frame that only senders send");
  }
  if (!sound) return Fail(Reason::kPeerProtocol, "the receiver holds what does not exist");
  counters_.files_done = board_->acknowledged();
  counters_.bytes_done = board_->bytes_acknowledged();
  return absl::OkStatus();
}

absl::StatusOr<bool> SendAttempt::HandleRefused(const wire::BlockRefused& refused) {
  base::MutexLock lock(mutex_);
  if (refused.block.index >= package_->manifest.entries.size()) {
    return Fail(Reason::kPeerProtocol, "the receiver refused a file that does not exist");
  }
  if (refused.reason == Name(Reason::kDigestMismatch) && board_->Again(refused.block)) {
    changed_.NotifyAll();
    return true;
  }
  const auto reason = wire::ParseReason(refused.reason);
  return Fail(reason.value_or(Reason::kPeerProtocol), "the receiver refused '",
              base::PercentEscape(package_->manifest.entries[refused.block.index].path),
              "': ", base::PercentEscape(refused.detail));
}

void SendAttempt::WatchLegs(const Lifeline& lifeline) {
  LegWatch watch(plan_.leg_window);
  base::MutexLock lock(mutex_);
  while (true) {
    const base::Steady next = deps_.clock.MonotonicNow() + plan_.leg_window / 10;
    for (base::Steady now; !lifeline.ended() && (now = deps_.clock.MonotonicNow()) < next;) {
      changed_.WaitFor(mutex_, std::chrono::duration_cast<std::chrono::milliseconds>(next - now) + 1ms);
    }
    if (lifeline.ended()) return;
    std::vector<LegWatch::Sample> samples;
    for (const auto& [leg, state] : leg_states_) {
      samples.push_back({leg, state.gauge.bytes, state.gauge.busy && state.stream != nullptr, state.gauge.waiting});
    }
    for (const uint16_t leg : watch.Judge(samples, deps_.clock.MonotonicNow())) {
      LOG_INFO("leg hangs behind, replacing it", {{"transfer", plan_.terms.transfer}, {"leg", leg}});
      leg_states_[leg].stream->Abort();
    }
  }
}

void SendAttempt::StartLegs(uint16_t count, Lifeline& lifeline) {
  {
    base::MutexLock lock(mutex_);
    legs_alive_ += count - static_cast<int>(legs_.size());
  }
  while (legs_.size() < count) {
    legs_.emplace_back([this, leg = static_cast<uint16_t>(legs_.size() + 1), &lifeline] { RunDataLeg(leg, lifeline); });
  }
}

void SendAttempt::RunDataLeg(uint16_t leg, Lifeline& lifeline) {
  Leg* state = nullptr;
  {
    base::MutexLock lock(mutex_);
    state = &leg_states_[leg];
  }
  const absl::Status status = RunLeg(leg, deps_.dialer, lifeline, [&](ByteStream& stream, uint16_t attempt) {
    const auto offer = [&](ByteStream* now) {
      base::MutexLock lock(mutex_);
      state->stream = now;
    };
    offer(&stream);
    LegClock clock(counters_.stages, deps_.clock);
    TimedStream timed(stream, clock, [this] { return pace_.Share(); });
    DataSender sender(timed, deps_.volume.calls(), pace_, clock, state->gauge, counters_.bytes_moved);
    LegOutcome outcome;
    outcome.status = sender.Hello({plan_.terms.transfer, plan_.terms.epoch, leg, attempt});
    while (outcome.status.ok()) {
      if (const auto block = NextBlock(leg)) {
        outcome.status = sender.Send(*block, package_->manifest.entries[block->index], package_directory_.get());
        outcome.moved = outcome.moved || outcome.status.ok();
        if (sender.source_status().ok()) continue;
        // The package as it was decided can no longer arrive.
        lifeline.Fail(sender.source_status());
        break;
      }
      // Nothing to do for now: what is in the buffer leaves, then we wait for a block to come back or for the end.
      outcome.status = sender.Rest();
      const LegClock::Section section(clock, StageOf::kIdle);
      if (!outcome.status.ok()) break;
      const absl::StatusOr<bool> more = WaitForMore(stream, lifeline);
      outcome.status = more.status();
      if (more.ok() && !*more) {
        if (!lifeline.ended()) outcome.status = sender.End();
        break;
      }
    }
    offer(nullptr);
    if (!outcome.status.ok()) {
      base::MutexLock lock(mutex_);
      // With everything acknowledged there is nothing left that a leg could lose.
      if (board_ && board_->AllAcknowledged()) {
        outcome.status = absl::OkStatus();
      } else if (board_) {
        board_->LegLost(leg);
      }
      changed_.NotifyAll();
    }
    return outcome;
  });
  bool last = false;
  {
    base::MutexLock lock(mutex_);
    last = --legs_alive_ == 0;
  }
  if (last && !status.ok()) lifeline.Fail(base::Annotate(status, "no data leg is left"));
}

std::optional<wire::Block> SendAttempt::NextBlock(uint16_t leg) {
  base::MutexLock lock(mutex_);
  return may_send_ ? board_->Next(leg) : std::nullopt;
}

absl::StatusOr<bool> SendAttempt::WaitForMore(const ByteStream& stream, const Lifeline& lifeline) {
  base::MutexLock lock(mutex_);
  while (!lifeline.ended() && !(may_send_ && (board_->HasWaiting() || board_->AllAcknowledged()))) {
    if (HasEnded(stream)) return Fail(Reason::kPeerLost, "the leg broke behind the last bytes that it carried");
    changed_.WaitFor(mutex_, kIdleLook);
  }
  return !lifeline.ended() && !board_->AllAcknowledged();
}

}  // namespace crossdock::agent
