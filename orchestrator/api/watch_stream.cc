#include "orchestrator/api/watch_stream.h"

#include <deque>

#include "lib/base/mutex.h"

namespace crossdock::orchestrator::api {
namespace {

using Message = studio::v1::WatchTransfersResponse;

// A reader that is so far behind is told to come back with its token.
constexpr size_t kQueueMax = 10'000;

class Stream;

// What Watches holds: outlives the stream, and knows when that is gone.
class Sink : public WatchSink {
 public:
  explicit Sink(Stream* stream) : stream_(stream) {}
  bool Send(const Message& message) override;
  void End(const absl::Status& status) override;
  absl::Status Check() override;
  void Detach() {
    base::MutexLock lock(mutex_);
    stream_ = nullptr;
  }

 private:
  base::Mutex mutex_;
  Stream* stream_ ABSL_GUARDED_BY(mutex_);
};

class Stream : public grpc::ServerWriteReactor<Message> {
 public:
  Stream(const ApiContext& api, grpc::CallbackServerContext& context) : api_(api), context_(context) {}

  void Start(Watches& watches, const studio::v1::WatchTransfersRequest& request) {
    if (const absl::Status added = Join(watches, request); !added.ok()) EndNow(added);
  }

  // False when the queue is full: the stream is ended.
  bool Push(const Message& message) {
    base::MutexLock lock(mutex_);
    if (ended_) return false;
    if (queue_.size() >= kQueueMax) {
      Finishing(base::WithReason(base::ResourceExhausted("the watcher does not keep up: watch again from its token"),
                                 "WATCH_TOO_SLOW"));
      return false;
    }
    queue_.push_back(message);
    if (!writing_) WriteNext();
    return true;
  }

  void EndNow(const absl::Status& status) {
    base::MutexLock lock(mutex_);
    Finishing(status);
  }

  absl::Status Check() {
    const auto caller = api_.gate.CallerNow(context_);
    if (!caller.ok()) return caller.status();
    if (rpc::Holds(*caller, rpc::Permission::kView)) return absl::OkStatus();
    return base::WithReason(base::PermissionDenied(caller->subject, " may no longer view"), "PERMISSION_MISSING");
  }

  void OnWriteDone(bool ok) override {
    base::MutexLock lock(mutex_);
    writing_ = false;
    queue_.pop_front();
    if (!ok) Finishing(absl::CancelledError("the watcher is gone"));
    if (ended_) {
      FinishOnce();
    } else if (!queue_.empty()) {
      WriteNext();
    }
  }
  void OnCancel() override { EndNow(absl::CancelledError("the watcher is gone")); }
  void OnDone() override {
    if (sink_) sink_->Detach();
    delete this;
  }

 private:
  absl::Status Join(Watches& watches, const studio::v1::WatchTransfersRequest& request) {
    ASSIGN_OR_RETURN(const rpc::Caller caller, api_.gate.CallerOf(context_));
    WatchFilter filter;
    filter.client = caller.client;
    filter.project = request.project();
    filter.transfer = request.transfer();
    sink_ = std::make_shared<Sink>(this);
    RETURN_IF_ERROR(watches.Add(filter, request.resume_token(), sink_));
    api_.wakes.Wake(Duty::kWatch);
    return absl::OkStatus();
  }

  void WriteNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    writing_ = true;
    StartWrite(&queue_.front());
  }
  // Finishes when no write is under way; otherwise its end does.
  void Finishing(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!ended_) end_ = rpc::ToGrpc(status);
    ended_ = true;
    if (!writing_) FinishOnce();
  }
  void FinishOnce() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!finished_) Finish(end_);
    finished_ = true;
  }

  const ApiContext& api_;
  grpc::CallbackServerContext& context_;  // lives until OnDone
  std::shared_ptr<Sink> sink_;
  base::Mutex mutex_;
  std::deque<Message> queue_ ABSL_GUARDED_BY(mutex_);  // the first is being written while writing_
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  grpc::Status end_ ABSL_GUARDED_BY(mutex_);
};

bool Sink::Send(const Message& message) {
  base::MutexLock lock(mutex_);
  return stream_ != nullptr && stream_->Push(message);
}
void Sink::End(const absl::Status& status) {
  base::MutexLock lock(mutex_);
  if (stream_ != nullptr) stream_->EndNow(status);
}
absl::Status Sink::Check() {
  base::MutexLock lock(mutex_);
  return stream_ == nullptr ? absl::CancelledError("the watcher is gone") : stream_->Check();
}

}  // namespace

grpc::ServerWriteReactor<Message>* StartWatchStream(const ApiContext& api, Watches& watches,
                                                    grpc::CallbackServerContext& context,
                                                    const studio::v1::WatchTransfersRequest& request) {
  auto* stream = new Stream(api, context);
  stream->Start(watches, request);
  return stream;
}

}  // namespace crossdock::orchestrator::api
