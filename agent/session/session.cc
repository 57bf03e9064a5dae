#include "agent/session/session.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "agent/session/messages.h"
#include "lib/base/log.h"
#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace crossdock::agent {
namespace {

constexpr uint32_t kProtocolVersion = 1;
// What an orchestrator may ask for, whatever it says.
constexpr std::chrono::milliseconds kIntervalMin{100};
constexpr std::chrono::milliseconds kIntervalMax{60'000};
constexpr std::chrono::milliseconds kReconnectAfterMax{5 * 60'000};

// What an orchestrator asks without waiting for an answer is not answered.
constexpr size_t kAnswersMax = 64;

}  // namespace

Session::Session(SessionOptions options, Dial dial, TaskBoard& board, Host& host, const base::Clock& clock,
                 base::Random& random)
    : options_(std::move(options)),
      dial_(std::move(dial)),
      board_(board),
      host_(host),
      clock_(clock),
      random_(random),
      backoff_(options_.reconnect_first, options_.reconnect_most) {
  board_.OnEnded([this] { Wake(); });
}

Session::~Session() { board_.OnEnded({}); }

void Session::Wake() {
  base::MutexLock lock(mutex_);
  wake_ = true;
  changed_.NotifyAll();
}

void Session::Run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const absl::Status ended = RunStream(stop);
    connected_ = false;
    if (stop.stop_requested()) return;
    std::chrono::milliseconds pause = backoff_.Next(random_);
    {
      base::MutexLock lock(mutex_);
      if (reconnect_after_.count() >= 0) pause += reconnect_after_;
      reconnect_after_ = std::chrono::milliseconds(-1);
    }
    LOG_INFO(
        "the session ended; connecting again",
        {{"reason", base::ReasonOf(ended)}, {"detail", base::ToStd(ended.message())}, {"pause_ms", pause.count()}});
    Pause(pause, stop);
  }
}

absl::Status Session::RunStream(const std::stop_token& stop) {
  std::string address = options_.address;
  {
    base::MutexLock lock(mutex_);
    stream_over_ = false;
    answers_.clear();  // of another stream: whoever asked asks again
    if (!next_address_.empty()) address = std::exchange(next_address_, "");
  }
  ASSIGN_OR_RETURN(const std::shared_ptr<grpc::Channel> channel, dial_(address));
  const auto stub = v1::SessionService::NewStub(channel);
  grpc::ClientContext context;
  std::stop_callback cancel(stop, [&context] { context.TryCancel(); });
  board_.NewSession();
  const std::unique_ptr<Stream> stream = stub->Connect(&context);
  if (SendHello(*stream)) {
    std::thread reader([&] { Read(*stream); });
    Report(*stream, stop);
    context.TryCancel();  // wakes the reader, whoever ended first
    reader.join();
  }
  return rpc::FromGrpc(stream->Finish());
}

bool Session::SendHello(Stream& stream) {
  const absl::StatusOr<uint64_t> counter = host_.NextSession();
  if (!counter.ok()) {
    LOG_ERROR("cannot count sessions", {{"detail", base::ToStd(counter.status().message())}});
    return false;
  }
  v1::ConnectRequest request;
  v1::AgentHello& hello = *request.mutable_hello();
  hello.set_protocol_version(kProtocolVersion);
  hello.set_agent_version(options_.version);
  hello.set_session_counter(*counter);
  hello.set_identity(options_.identity);
  hello.set_grant(options_.grant);
  hello.set_roster_number(host_.RosterNumber());
  Fill(host_.Volumes(), hello.mutable_volumes());
  return stream.Write(request);
}

void Session::Read(Stream& stream) {
  v1::ConnectResponse message;
  while (stream.Read(&message)) Take(message);
  base::MutexLock lock(mutex_);
  stream_over_ = true;
  changed_.NotifyAll();
}

void Session::Take(const v1::ConnectResponse& message) {
  switch (message.message_case()) {
    case v1::ConnectResponse::kHello: {
      const std::chrono::milliseconds wanted(message.hello().report_interval_milliseconds());
      LOG_INFO("connected", {{"orchestrator", message.hello().orchestrator()}});
      base::MutexLock lock(mutex_);
      interval_ = std::clamp(wanted, kIntervalMin, kIntervalMax);
      connected_ = true;
      break;
    }
    case v1::ConnectResponse::kDesired:
      board_.Apply(FromMessage(message.desired()));
      backoff_.Reset();
      Wake();  // the answer: what was applied
      break;
    case v1::ConnectResponse::kTrust:
      host_.TakeTrust(FromMessage(message.trust()));
      break;
    case v1::ConnectResponse::kWitness: {
      WitnessAnswer answer = host_.Witness(FromMessage(message.witness()));
      base::MutexLock lock(mutex_);
      if (answers_.size() < kAnswersMax) answers_.push_back(std::move(answer));
      wake_ = true;
      changed_.NotifyAll();
      break;
    }
    case v1::ConnectResponse::kEnd: {
      LOG_INFO("the orchestrator ends the session", {{"reason", message.end().reason()}});
      base::MutexLock lock(mutex_);
      next_address_ = message.end().reconnect_to();
      reconnect_after_ =
          std::min(std::chrono::milliseconds(message.end().reconnect_after_milliseconds()), kReconnectAfterMax);
      break;
    }
    case v1::ConnectResponse::MESSAGE_NOT_SET:
      break;  // of a later version
  }
}

// Until the stream is over. The first report waits for the first desired state: it is the answer to it.
void Session::Report(Stream& stream, const std::stop_token& stop) {
  const base::Steady hello_until = clock_.MonotonicNow() + options_.hello_wait;
  while (true) {
    {
      base::MutexLock lock(mutex_);
      if (!wake_ && !stream_over_ && !stop.stop_requested()) changed_.WaitFor(mutex_, interval_);
      wake_ = false;
      if (stream_over_ || stop.stop_requested()) return;
    }
    if (!connected_) {
      if (clock_.MonotonicNow() >= hello_until) return;
      continue;
    }
    if (!SendAnswers(stream)) return;
    v1::ConnectRequest request;
    request.mutable_report()->set_sequence(++sequence_);
    Fill(board_.Report(), host_, clock_.Now(), request.mutable_report());
    if (!stream.Write(request)) return;
  }
}

bool Session::SendAnswers(Stream& stream) {
  std::deque<WitnessAnswer> answers;
  {
    base::MutexLock lock(mutex_);
    answers.swap(answers_);
  }
  for (const WitnessAnswer& answer : answers) {
    v1::ConnectRequest request;
    Fill(answer, request.mutable_witness());
    if (!stream.Write(request)) return false;
  }
  return true;
}

void Session::Pause(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::stop_callback wake(stop, [this] { Wake(); });
  const base::Steady until = clock_.MonotonicNow() + time;
  base::MutexLock lock(mutex_);
  for (base::Steady now = clock_.MonotonicNow(); now < until && !stop.stop_requested(); now = clock_.MonotonicNow()) {
    changed_.WaitFor(mutex_, until - now);
  }
}

}  // namespace crossdock::agent
