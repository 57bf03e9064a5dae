#include "lib/host/facts.h"

#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <sstream>

#include "lib/base/file.h"

namespace crossdock::host {
namespace {

// Empty when it cannot be read.
std::string Text(const std::string& path) { return base::ReadFile(path).value_or(""); }

std::vector<std::string> Words(const std::string& text) {
  std::istringstream stream(text);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::optional<uint64_t> Number(const std::string& path) {
  std::istringstream stream(Text(path));
  uint64_t value = 0;
  if (!(stream >> value)) return std::nullopt;
  return value;
}

std::optional<BufferSizes> Sizes(const std::string& path) {
  std::istringstream stream(Text(path));
  BufferSizes sizes;
  if (!(stream >> sizes.smallest >> sizes.initial >> sizes.largest)) return std::nullopt;
  return sizes;
}

// The processor's list of abilities is called "flags" on x86 and "Features" on ARM.
std::optional<bool> HasAes(const std::string& cpuinfo) {
  std::istringstream stream(cpuinfo);
  for (std::string line; std::getline(stream, line);) {
    if (line.rfind("flags", 0) != 0 && line.rfind("Features", 0) != 0) continue;
    const std::vector<std::string> words = Words(line);
    return std::find(words.begin(), words.end(), "aes") != words.end();
  }
  return std::nullopt;
}

void AskKernel(Facts& facts) {
  const long page = ::sysconf(_SC_PAGESIZE);
  if (page > 0) facts.page_size = static_cast<uint64_t>(page);
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) == 0) facts.open_files_max = files.rlim_max;
  timex state{};  // no mode is set: it only asks
  const int clock = ::adjtimex(&state);
  if (clock < 0) return;
  facts.clock_synchronised = clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0;
  facts.clock_error_max = std::chrono::microseconds(state.maxerror);
}

}  // namespace

Facts ReadFacts(const std::string& proc) {
  const std::string tcp = proc + "/sys/net/ipv4/tcp_";
  Facts facts;
  facts.receive_buffer = Sizes(tcp + "rmem");
  facts.send_buffer = Sizes(tcp + "wmem");
  facts.receive_buffer_set_max = Number(proc + "/sys/net/core/rmem_max");
  facts.window_scaling = Number(tcp + "window_scaling");
  facts.receive_autotuning = Number(tcp + "moderate_rcvbuf");
  facts.congestion_available = Words(Text(tcp + "available_congestion_control"));
  facts.congestion_allowed = Words(Text(tcp + "allowed_congestion_control"));
  const std::vector<std::string> chosen = Words(Text(tcp + "congestion_control"));
  if (!chosen.empty()) facts.congestion_default = chosen.front();
  facts.pipe_size_max = Number(proc + "/sys/fs/pipe-max-size");
  facts.pipe_user_pages_soft = Number(proc + "/sys/fs/pipe-user-pages-soft");
  facts.listen_backlog_max = Number(proc + "/sys/net/core/somaxconn");
  facts.syn_backlog_max = Number(tcp + "max_syn_backlog");
  facts.syn_cookies = Number(tcp + "syncookies");
  facts.aes_instructions = HasAes(Text(proc + "/cpuinfo"));
  AskKernel(facts);
  return facts;
}

}  // namespace crossdock::host
