#include "lib/pg/listener.h"

#include <memory>
#include <pqxx/pqxx>

#include "lib/base/log.h"

namespace crossdock::pg {
namespace {

// How long a stop can take, and how soon a reconnect is tried.
constexpr int kPauseMilliseconds = 500;

class Receiver : public pqxx::notification_receiver {
 public:
  Receiver(pqxx::connection& connection, const std::string& name, const std::function<void(const std::string&)>& wake)
      : pqxx::notification_receiver(connection, name), wake_(wake) {}
  void operator()(const std::string&, int) override { wake_(channel()); }

 private:
  const std::function<void(const std::string&)>& wake_;
};

}  // namespace

Listener::Listener(std::string conninfo, std::vector<std::string> channels,
                   std::function<void(const std::string&)> wake)
    : conninfo_(std::move(conninfo)),
      channels_(std::move(channels)),
      wake_(std::move(wake)),
      thread_([this] { Run(); }) {}

Listener::~Listener() { Stop(); }

void Listener::Stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.NotifyAll();
  }
  if (thread_.joinable()) thread_.join();
}

void Listener::Run() {
  while (true) {
    try {
      ListenUntilBroken();
    } catch (const std::exception& error) {
      LOG_WARNING("listening for notifications failed, polling goes on", {{"error", error.what()}});
    }
    base::MutexLock lock(mutex_);
    if (!stopping_) changed_.WaitFor(mutex_, std::chrono::milliseconds(kPauseMilliseconds));
    if (stopping_) return;
  }
}

void Listener::ListenUntilBroken() {
  pqxx::connection connection(conninfo_);
  connection.inhibit_reactivation(true);
  std::vector<std::unique_ptr<Receiver>> receivers;
  for (const std::string& channel : channels_) {
    receivers.push_back(std::make_unique<Receiver>(connection, channel, wake_));
    wake_(channel);
  }
  while (true) {
    {
      base::MutexLock lock(mutex_);
      if (stopping_) return;
    }
    connection.await_notification(0, kPauseMilliseconds * 1000);
  }
}

}  // namespace crossdock::pg
