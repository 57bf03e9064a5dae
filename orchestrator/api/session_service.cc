#include "orchestrator/api/session_service.h"

#include <grpc/grpc_security_constants.h>

#include <deque>
#include <memory>
#include <utility>

#include "lib/base/status.h"
#include "lib/rpc/status.h"

namespace crossdock::orchestrator::api {
namespace {

namespace v1 = crossdock::agent::v1;

// An agent that does not read must not fill our memory.
constexpr size_t kQueueMax = 256;

class Reactor;

// The way back, which outlives the reactor as long as somebody may still want to send.
class Outlet : public AgentStream {
 public:
  explicit Outlet(Reactor* reactor) : reactor_(reactor) {}
  void Send(const v1::ConnectResponse& message) override;
  void End(const absl::Status& status) override;
  // From the reactor.
  void Written(bool ok);
  void Cancelled();
  void Gone();

 private:
  void EndLocked(const grpc::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Proceed() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  base::Mutex mutex_;
  Reactor* reactor_ ABSL_GUARDED_BY(mutex_);
  std::deque<v1::ConnectResponse> queue_ ABSL_GUARDED_BY(mutex_);  // its front is being written
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<grpc::Status> end_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
};

// Deletes itself when gRPC has done with it.
class Reactor : public grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse> {
 public:
  explicit Reactor(AgentSessions& sessions) : sessions_(sessions), outlet_(std::make_shared<Outlet>(this)) {}

  void Begin(const AgentCaller& caller) {
    number_ = sessions_.Open(caller, outlet_);
    StartRead(&incoming_);
  }
  void OnReadDone(bool ok) override {
    if (!ok) {
      outlet_->End(absl::OkStatus());  // the agent has said all
      return;
    }
    sessions_.Received(number_, incoming_);
    StartRead(&incoming_);
  }
  void OnWriteDone(bool ok) override { outlet_->Written(ok); }
  void OnCancel() override { outlet_->Cancelled(); }
  void OnDone() override {
    outlet_->Gone();
    if (number_ != 0) sessions_.Closed(number_);
    delete this;
  }

 private:
  AgentSessions& sessions_;
  const std::shared_ptr<Outlet> outlet_;
  v1::ConnectRequest incoming_;
  uint64_t number_ = 0;
};

void Outlet::Send(const v1::ConnectResponse& message) {
  base::MutexLock lock(mutex_);
  if (reactor_ == nullptr || end_.has_value()) return;
  if (queue_.size() >= kQueueMax) {
    EndLocked({grpc::StatusCode::RESOURCE_EXHAUSTED, "the agent does not read what it is sent"});
    return;
  }
  queue_.push_back(message);
  Proceed();
}

void Outlet::End(const absl::Status& status) {
  base::MutexLock lock(mutex_);
  if (reactor_ != nullptr && !end_.has_value()) EndLocked(rpc::ToGrpc(status));
}

void Outlet::EndLocked(const grpc::Status& status) {
  end_ = status;
  Proceed();
}

void Outlet::Proceed() {
  if (writing_ || finished_) return;
  if (!queue_.empty()) {
    writing_ = true;
    reactor_->StartWrite(&queue_.front());
  } else if (end_.has_value()) {
    finished_ = true;
    reactor_->Finish(*end_);
  }
}

void Outlet::Written(bool ok) {
  base::MutexLock lock(mutex_);
  writing_ = false;
  queue_.pop_front();
  if (!ok) {
    queue_.clear();
    if (!end_.has_value()) end_ = grpc::Status::CANCELLED;
  }
  Proceed();
}

void Outlet::Cancelled() {
  base::MutexLock lock(mutex_);
  if (!end_.has_value()) end_ = grpc::Status::CANCELLED;
  if (!writing_) queue_.clear();
  Proceed();
}

void Outlet::Gone() {
  base::MutexLock lock(mutex_);
  reactor_ = nullptr;
}

absl::StatusOr<AgentCaller> CallerOf(const rpc::Gate& gate, const grpc::CallbackServerContext& context) {
  ASSIGN_OR_RETURN(const rpc::Caller caller, gate.CallerOf(context));
  if (caller.kind != rpc::CallerKind::kAgent) return base::PermissionDenied("only agents open sessions");
  const auto pem = context.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
  if (pem.empty()) return base::PermissionDenied("a session needs a client certificate");
  ASSIGN_OR_RETURN(const rpc::PeerCertificate certificate,
                   rpc::ReadPeerCertificate({pem.front().data(), pem.front().size()}));
  return AgentCaller{caller.id.name, caller.id.site, caller.spki_sha256, certificate.not_after};
}

}  // namespace

grpc::ServerBidiReactor<v1::ConnectRequest, v1::ConnectResponse>* SessionService::Connect(
    grpc::CallbackServerContext* context) {
  auto* reactor = new Reactor(sessions_);
  const absl::StatusOr<AgentCaller> caller = CallerOf(gate_, *context);
  if (caller.ok()) {
    reactor->Begin(*caller);
  } else {
    reactor->Finish(rpc::ToGrpc(caller.status()));
  }
  return reactor;
}

}  // namespace crossdock::orchestrator::api
