#include "agent/transfer/receive_attempt.h"

#include <fcntl.h>

#include <cerrno>

#include "agent/core/stops.h"
#include "agent/transfer/data_receiver.h"
#include "agent/transfer/leg_loop.h"
#include "lib/base/status.h"
#include "lib/wire/name.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {

using wire::Reason;

ReceiveAttempt::ReceiveAttempt(ReceivePlan plan, const Deps& deps, RecordTerms record)
    : plan_(std::move(plan)), record_(std::move(record)), deps_(deps) {}

ReceiveAttempt::~ReceiveAttempt() = default;

absl::StatusOr<ReceiveResult> ReceiveAttempt::Run(std::stop_token stop) {
  RETURN_IF_ERROR(CheckTerms(plan_.terms));
  if (!plan_.destination.path.empty()) RETURN_IF_ERROR(wire::RequirePath(plan_.destination.path));
  result_.began = deps_.clock.Now();
  result_.listing_digest = plan_.terms.listing_digest;
  result_.content_root = plan_.terms.content_root;
  const Staging::Request request{plan_.terms.transfer, plan_.agent, plan_.terms.epoch, plan_.terms.listing_digest,
                                 IsSafe()};
  auto staging = Staging::Open(deps_.volume, request);
  if (!staging.ok()) {
    Refuse(staging.status(), stop);
    return staging.status();
  }
  staging_ = *std::move(staging);
  Lifeline lifeline(stop);
  lifeline_ = &lifeline;
  auto result = RunInside(lifeline);
  pool_.reset();
  reservation_.Release();
  names_.reset();
  staging_.reset();
  counters_.stage = Stage::kEnded;
  return result;
}

void ReceiveAttempt::Refuse(const absl::Status& status, const std::stop_token& stop) {
  counters_.stage = Stage::kConnecting;
  const StopAfter limit(stop, plan_.refusal_wait);
  Lifeline lifeline(limit.token());
  if (auto stream = DialControl(deps_.dialer, lifeline); stream.ok()) {
    const std::stop_callback abort(lifeline.token(), [&] { (*stream)->Abort(); });
    ControlChannel control(**stream, deps_.clock, lifeline);
    control.SayWhy(status);
    control.Close();
  }
  counters_.stage = Stage::kEnded;
}

absl::StatusOr<ReceiveResult> ReceiveAttempt::RunInside(Lifeline& lifeline) {
  pool_ = std::make_unique<LandingPool>(staging_->data(), deps_.volume.calls(), staging_->ledger(), plan_.verify,
                                        deps_.volume.options().durability);
  std::optional<std::stop_callback<std::function<void()>>> wake;
  wake.emplace(lifeline.token(), [this] {
    pool_->Stop();
    base::MutexLock lock(mutex_);
    changed_.NotifyAll();
  });
  counters_.stage = Stage::kConnecting;
  StartLegs(plan_.terms.streams, lifeline);
  auto stream = DialControl(deps_.dialer, lifeline);
  if (!stream.ok()) {
    lifeline.Fail(stream.status());
    legs_.clear();
    return lifeline.status().ok() ? stream.status() : lifeline.status();
  }
  ControlChannel control(**stream, deps_.clock, lifeline);
  const absl::Status status = Talk(control);
  // Once it publishes, neither the sender's loss nor a stop takes that back; its own word is the result.
  const bool published = JoinPublisher();
  if (published && status.ok()) control.Close();
  if (!published) lifeline.Fail(status);
  lifeline.Finish();
  // Legs and pool queue on the control channel: they end before it does.
  legs_.clear();
  wake.reset();
  // What is landing still hands on to the pool what follows from it, so that it goes before its pointer does.
  pool_->End();
  pool_.reset();
  if (published) return result_;
  return lifeline.status();
}

absl::Status ReceiveAttempt::Talk(ControlChannel& control) {
  const absl::Status greeted = Greet(control);
  if (greeted.ok()) {
    return control.Run([this](wire::ControlFrame frame) { return Handle(std::move(frame)); }, nullptr);
  }
  lifeline_->Fail(greeted);
  control.SayWhy(lifeline_->status());
  return greeted;
}

absl::Status ReceiveAttempt::Greet(ControlChannel& control) {
  ASSIGN_OR_RETURN(const wire::ControlFrame frame, control.ReceiveNow());
  const auto* peer = std::get_if<wire::Hello>(&frame);
  if (peer == nullptr) return Fail(Reason::kPeerProtocol, "the sender did not begin with hello");
  RETURN_IF_ERROR(CheckHello(*peer, plan_.terms));
  if (peer->files != plan_.terms.files || peer->bytes != plan_.terms.bytes) {
    return Fail(Reason::kPeerListing, "the sender announces ", peer->files, " files and ", peer->bytes,
                " bytes, not what was decided");
  }
  hello_ = *peer;
  result_.peer_roster_number = peer->roster_number;
  counters_.files_total = result_.files = peer->files;
  counters_.bytes_total = result_.bytes = peer->bytes;
  // What earlier attempts left counts once it is known how much of it can be used. Holes take no room.
  if (!staging_->has_earlier()) RETURN_IF_ERROR(ReserveSpace(peer->bytes - peer->holes, peer->entries));
  wire::Hello hello = MakeHello(plan_.terms);
  hello.form = peer->form;
  RETURN_IF_ERROR(control.SendNow(hello));
  counters_.stage = Stage::kMoving;
  base::MutexLock lock(mutex_);
  RETURN_IF_ERROR(CheckForm());
  // At once: a list of a million that grows is there twice for a moment.
  manifest_.entries.reserve(hello_.entries);
  control_ = &control;
  greeted_ = true;
  // Nothing here to be compared with the manifest: the sender may begin at once.
  const bool something_there =
      OpenBeneath(deps_.volume.root(), plan_.destination.path, O_PATH | O_NOFOLLOW) || errno != ENOENT;
  if (!staging_->has_earlier() && !something_there) {
    have_said_ = true;
    control.Queue(wire::Have{true, {}});
  }
  changed_.NotifyAll();
  return absl::OkStatus();
}

absl::StatusOr<bool> ReceiveAttempt::Handle(wire::ControlFrame frame) {
  if (const auto* chunk = std::get_if<wire::ManifestChunk>(&frame)) {
    RETURN_IF_ERROR(TakeChunk(*chunk));
  } else if (const auto* end = std::get_if<wire::ManifestEnd>(&frame)) {
    RETURN_IF_ERROR(TakeEnd(*end));
  } else if (const auto* refused = std::get_if<wire::BlockRefused>(&frame)) {
    return Fail(wire::ParseReason(refused->reason).value_or(Reason::kPeerProtocol),
                "the sender withdrew a file: ", base::PercentEscape(refused->detail));
  } else if (const auto* streams = std::get_if<wire::Streams>(&frame)) {
    RETURN_IF_ERROR(TakeStreams(*streams));
  } else if (!std::holds_alternative<wire::Sent>(frame)) {
    return Fail(Reason::kPeerProtocol, "the sender sent a frame that only receivers send");
  }
  return true;
}

absl::Status ReceiveAttempt::TakeStreams(const wire::Streams& streams) {
  if (streams.count < legs_.size() || streams.count > wire::StreamsMaxOf(plan_.terms.streams)) {
    return Fail(Reason::kPeerProtocol, "the sender asks for ", streams.count, " data legs, having ", legs_.size());
  }
  StartLegs(streams.count, *lifeline_);
  return absl::OkStatus();
}

void ReceiveAttempt::StartLegs(uint16_t count, Lifeline& lifeline) {
  {
    base::MutexLock lock(mutex_);
    legs_alive_ += count - static_cast<int>(legs_.size());
  }
  while (legs_.size() < count) {
    legs_.emplace_back([this, leg = static_cast<uint16_t>(legs_.size() + 1), &lifeline] { RunDataLeg(leg, lifeline); });
  }
}

void ReceiveAttempt::RunDataLeg(uint16_t leg, Lifeline& lifeline) {
  const absl::Status status = RunLeg(leg, deps_.dialer, lifeline, [&](ByteStream& stream, uint16_t attempt) {
    {
      // What comes before the control leg's greeting waits in the socket.
      base::MutexLock lock(mutex_);
      while (!greeted_ && !lifeline.ended()) changed_.Wait(mutex_);
    }
    LegClock clock(counters_.stages, deps_.clock);
    TimedStream timed(stream, clock, nullptr);
    LegOutcome outcome =
        DataReceiver(*this, timed, clock, leg).Run({plan_.terms.transfer, plan_.terms.epoch, leg, attempt});
    base::MutexLock lock(mutex_);
    if (Complete()) outcome.status = absl::OkStatus();
    return outcome;
  });
  bool last = false;
  {
    base::MutexLock lock(mutex_);
    last = --legs_alive_ == 0 && !Complete();
  }
  if (last && !status.ok()) lifeline.Fail(base::Annotate(status, "no data leg is left"));
}

void ReceiveAttempt::FileLanded(uint32_t index, const absl::Status& status) {
  if (base::ReasonOf(status) == Name(Reason::kDigestMismatch)) {
    wire::Block whole{index, 0, 0};
    {
      base::MutexLock lock(mutex_);
      states_[index] = FileState::kMissing;
      whole.length = manifest_.entries[index].size;
    }
    RefuseUnkept(whole, status);
    return;
  }
  if (!status.ok()) {
    lifeline_->Fail(status);
    return;
  }
  base::MutexLock lock(mutex_);
  states_[index] = FileState::kLanded;
  ++landed_;
  counters_.files_done.fetch_add(1, std::memory_order_relaxed);
  // Those of parts have been counted.
  if (parts_.erase(index) == 0) {
    counters_.bytes_done.fetch_add(manifest_.entries[index].size, std::memory_order_relaxed);
  }
  control_->QueueAck(index);
  StartPublisherIfComplete();
}

}  // namespace crossdock::agent
