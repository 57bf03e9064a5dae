// Session keeps the agent's one stream to the orchestrator: dials, says hello, reports, applies what it is told, and
// dials again when the stream ends, with pauses that grow and are drawn at random.
//
// Tasks do not notice a broken stream: they run on, and the next session reports them.
#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>

#include "absl/status/statusor.h"
#include "agent/core/backoff.h"
#include "agent/core/host.h"
#include "agent/core/task_board.h"
#include "crossdock/agent/v1/session.grpc.pb.h"
#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/random.h"

namespace crossdock::agent {

struct SessionOptions {
  std::string version;
  std::string address;   // of the orchestrator's agents' port, "host:port"
  std::string identity;  // signed statements: who this agent is,
  std::string grant;     // and who let it in
  std::chrono::milliseconds reconnect_first{250};
  std::chrono::milliseconds reconnect_most{30'000};
  std::chrono::milliseconds hello_wait{15'000};  // for the orchestrator's hello
};

class Session {
 public:
  // A channel to `address` with this agent's certificate, as it is on disk now.
  using Dial = std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>(const std::string& address)>;

  // Everything outlives the session.
  Session(SessionOptions options, Dial dial, TaskBoard& board, Host& host, const base::Clock& clock,
          base::Random& random);
  ~Session();

  // Runs until `stop`; blocks. Once.
  void Run(const std::stop_token& stop);
  // Something changed that the orchestrator should hear of now.
  void Wake();
  // For health and tests: whether the orchestrator has answered the hello of the present stream.
  bool connected() const { return connected_; }

 private:
  using Stream = grpc::ClientReaderWriter<v1::ConnectRequest, v1::ConnectResponse>;

  // One stream, from dialling to its end.
  absl::Status RunStream(const std::stop_token& stop);
  bool SendHello(Stream& stream);
  void Read(Stream& stream);
  void Report(Stream& stream, const std::stop_token& stop);
  void Take(const v1::ConnectResponse& message);
  bool SendAnswers(Stream& stream);
  void Pause(std::chrono::milliseconds time, const std::stop_token& stop);

  const SessionOptions options_;
  const Dial dial_;
  TaskBoard& board_;
  Host& host_;
  const base::Clock& clock_;
  base::Random& random_;
  Backoff backoff_;
  std::atomic<bool> connected_{false};

  base::Mutex mutex_;
  base::CondVar changed_;
  bool wake_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<WitnessAnswer> answers_ ABSL_GUARDED_BY(mutex_);  // to be sent; at most kAnswersMax
  bool stream_over_ ABSL_GUARDED_BY(mutex_) = false;
  std::chrono::milliseconds interval_ ABSL_GUARDED_BY(mutex_){2'000};
  std::string next_address_ ABSL_GUARDED_BY(mutex_);  // of the end's hint; used once
  std::chrono::milliseconds reconnect_after_ ABSL_GUARDED_BY(mutex_){-1};
  uint64_t sequence_ = 0;
};

}  // namespace crossdock::agent
