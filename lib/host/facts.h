// What of the host bounds our speed, as the kernel tells it to an ordinary user. Facts only: judgement.h judges.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace crossdock::host {

// Smallest, initial and largest size of a socket's buffer, in bytes: tcp_rmem and tcp_wmem.
struct BufferSizes {
  uint64_t smallest = 0;
  uint64_t initial = 0;
  uint64_t largest = 0;
};

// What could not be read is empty: another kernel, a container that hides it.
struct Facts {
  std::optional<BufferSizes> receive_buffer;
  std::optional<BufferSizes> send_buffer;
  std::optional<uint64_t> receive_buffer_set_max;  // rmem_max: for programs that set sizes themselves
  std::optional<uint64_t> window_scaling;
  std::optional<uint64_t> receive_autotuning;
  std::vector<std::string> congestion_available;
  std::vector<std::string> congestion_allowed;  // to ordinary users
  std::string congestion_default;
  std::optional<uint64_t> pipe_size_max;         // bytes
  std::optional<uint64_t> pipe_user_pages_soft;  // pages of an ordinary user in all pipes; 0: no bound
  uint64_t page_size = 4096;                     // bytes
  std::optional<uint64_t> open_files_max;        // of this process; the hard limit, which our programs take
  std::optional<uint64_t> listen_backlog_max;    // somaxconn
  std::optional<uint64_t> syn_backlog_max;
  std::optional<uint64_t> syn_cookies;
  std::optional<bool> clock_synchronised;
  std::chrono::microseconds clock_error_max{0};  // as the kernel estimates it
  std::optional<bool> aes_instructions;
};

// Reads beneath `proc` ("/proc" but in tests), and asks the kernel for what is not there. Changes nothing.
Facts ReadFacts(const std::string& proc = "/proc");

}  // namespace crossdock::host
