#include "lib/net/address.h"

#include <arpa/inet.h>
#include <netdb.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "lib/base/check.h"
#include "lib/base/status.h"

namespace crossdock::net {
namespace {

// Whole decimal number without sign or leading zero, at most `max`; -1 otherwise.
int ParseNumber(std::string_view text, int max) {
  if (text.empty() || text.size() > 5 || text.find_first_not_of("0123456789") != std::string_view::npos) return -1;
  if (text.size() > 1 && text[0] == '0') return -1;
  const int value = std::stoi(std::string(text));
  return value <= max ? value : -1;
}

bool SamePrefix(std::string_view a, std::string_view b, int bits) {
  const auto whole = static_cast<size_t>(bits / 8);
  if (a.substr(0, whole) != b.substr(0, whole)) return false;
  if (bits % 8 == 0) return true;
  const auto mask = static_cast<unsigned char>(0xff << (8 - bits % 8));
  return (static_cast<unsigned char>(a[whole]) & mask) == (static_cast<unsigned char>(b[whole]) & mask);
}

}  // namespace

absl::StatusOr<HostPort> HostPort::Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  const auto fail = [&] { return base::InvalidArgument("'", text, "' is no address; write host:port or [v6]:port"); };
  if (colon == std::string_view::npos || colon == 0) return fail();
  const int port = ParseNumber(text.substr(colon + 1), 65535);
  std::string_view host = text.substr(0, colon);
  if (host.front() == '[' && host.back() == ']') {
    host = host.substr(1, host.size() - 2);
  } else if (host.find(':') != std::string_view::npos) {
    return fail();
  }
  if (port < 0 || host.empty() || host.size() > 253) return fail();
  return HostPort{std::string(host), static_cast<uint16_t>(port)};
}

SocketAddress::SocketAddress(const sockaddr* address, socklen_t size) : size_(size) {
  INVARIANT(size <= sizeof storage_) << "an address of " << size << " bytes";
  std::memcpy(&storage_, address, size);
}

SocketAddress SocketAddress::LocalOf(int fd) {
  SocketAddress out;
  out.size_ = sizeof out.storage_;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&out.storage_), &out.size_) != 0) return SocketAddress();
  return out;
}

SocketAddress SocketAddress::PeerOf(int fd) {
  SocketAddress out;
  out.size_ = sizeof out.storage_;
  if (::getpeername(fd, reinterpret_cast<sockaddr*>(&out.storage_), &out.size_) != 0) return SocketAddress();
  return out;
}

uint16_t SocketAddress::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in&>(storage_).sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6&>(storage_).sin6_port);
  return 0;
}

std::string SocketAddress::AddressBytes() const {
  if (family() == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(storage_);
    return {reinterpret_cast<const char*>(&v4.sin_addr), 4};
  }
  if (family() != AF_INET6) return {};
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(storage_);
  const char* bytes = reinterpret_cast<const char*>(&v6.sin6_addr);
  return IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr) ? std::string(bytes + 12, 4) : std::string(bytes, 16);
}

std::string SocketAddress::ToText() const {
  const std::string bytes = AddressBytes();
  if (bytes.empty()) return "unknown";
  char text[INET6_ADDRSTRLEN] = "";
  ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text, sizeof text);
  return bytes.size() == 4 ? base::StrCat(text, ":", port()) : base::StrCat("[", text, "]:", port());
}

absl::StatusOr<std::vector<SocketAddress>> Resolve(const HostPort& where) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo(where.host.c_str(), std::to_string(where.port).c_str(), &hints, &found);
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, [](addrinfo* list) {
    if (list != nullptr) ::freeaddrinfo(list);
  });
  if (error != 0) {
    return base::WithReason(base::Unavailable("the name '", where.host, "' is not resolved: ", ::gai_strerror(error)),
                            "NAME_UNRESOLVED");
  }
  std::vector<SocketAddress> out;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    out.emplace_back(one->ai_addr, one->ai_addrlen);
  }
  return out;
}

absl::StatusOr<AddressRange> AddressRange::Parse(std::string_view text) {
  AddressRange out;
  const size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  char bytes[16];
  if (::inet_pton(AF_INET, address.c_str(), bytes) == 1) {
    out.prefix_.assign(bytes, 4);
  } else if (::inet_pton(AF_INET6, address.c_str(), bytes) == 1) {
    out.prefix_.assign(bytes, 16);
  } else {
    return base::InvalidArgument("'", text, "' is no address range; write 192.0.2.0/24 or 2001:db8::/32");
  }
  const int bits_max = static_cast<int>(out.prefix_.size()) * 8;
  out.bits_ = slash == std::string_view::npos ? bits_max : ParseNumber(text.substr(slash + 1), bits_max);
  if (out.bits_ < 0) return base::InvalidArgument("'", text, "': the prefix has 0 to ", bits_max, " bits");
  return out;
}

bool AddressRange::Contains(const SocketAddress& address) const {
  const std::string bytes = address.AddressBytes();
  return bytes.size() == prefix_.size() && SamePrefix(bytes, prefix_, bits_);
}

bool IsPublic(const SocketAddress& address) {
  static const std::vector<AddressRange> kNotPublic = [] {
    // IANA's special-purpose registries; 64:ff9b::/96 and 2002::/16 reach IPv4 addresses by another name.
    constexpr const char* kTexts[] = {
        "0.0.0.0/8",     "10.0.0.0/8",   "100.64.0.0/10",  "127.0.0.0/8",    "169.254.0.0/16",  "172.16.0.0/12",
        "192.0.0.0/24",  "192.0.2.0/24", "192.168.0.0/16", "198.18.0.0/15",  "198.51.100.0/24", "203.0.113.0/24",
        "224.0.0.0/3",   "::/96",        "64:ff9b::/96",   "64:ff9b:1::/48", "100::/64",        "2001::/23",
        "2001:db8::/32", "2002::/16",    "fc00::/7",       "fe80::/10",      "fec0::/10",       "ff00::/8"};
    std::vector<AddressRange> ranges;
    for (const char* text : kTexts) ranges.push_back(*AddressRange::Parse(text));
    return ranges;
  }();
  return !address.AddressBytes().empty() &&
         std::none_of(kNotPublic.begin(), kNotPublic.end(),
                      [&](const AddressRange& range) { return range.Contains(address); });
}

}  // namespace crossdock::net
