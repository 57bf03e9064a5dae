#include "lib/trust/values.h"

#include <algorithm>

namespace crossdock::trust {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlphanumeric(char c) { return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool IsHex(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return IsDigit(c) || (c >= 'a' && c <= 'f'); });
}

bool IsPlainNumber(std::string_view text) {
  if (text.empty() || text.size() > 19 || (text[0] == '0' && text.size() > 1)) return false;
  return std::all_of(text.begin(), text.end(), IsDigit);
}

bool IsHost(std::string_view host) {
  if (host.starts_with('[')) {
    if (!host.ends_with(']') || host.size() < 4 || host.size() > 41) return false;
    const std::string_view inner = host.substr(1, host.size() - 2);
    return std::all_of(inner.begin(), inner.end(), [](char c) {
      return IsDigit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F') || c == ':' || c == '.';
    });
  }
  if (host.empty() || host.size() > 253 || !IsAlphanumeric(host[0])) return false;
  return std::all_of(host.begin(), host.end(), [](char c) { return IsAlphanumeric(c) || c == '-' || c == '.'; });
}

}  // namespace

bool IsId(std::string_view text) {
  if (text.empty() || text.size() > 64 || !IsAlphanumeric(text[0])) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return IsAlphanumeric(c) || c == '.' || c == '_' || c == '-' || c == '@'; });
}

bool IsDigest(std::string_view text) { return text.size() == 64 && IsHex(text); }

bool IsPlace(std::string_view text) {
  const size_t slash = text.find('/');
  return slash != std::string_view::npos && IsId(text.substr(0, slash)) && IsId(text.substr(slash + 1));
}

bool IsPolicyScope(std::string_view text) {
  constexpr std::string_view kShow = "show:";
  if (text.starts_with(kShow)) return IsPlace(text.substr(kShow.size()));
  return text == "studio:all" || IsId(text);
}

bool IsRequirement(std::string_view text) {
  for (const std::string_view layer : {std::string_view("studio/"), std::string_view("show/")}) {
    if (text.starts_with(layer)) return IsId(text.substr(layer.size()));
  }
  return IsId(text);
}

bool IsAddress(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || !IsHost(text.substr(0, colon))) return false;
  const std::string_view port = text.substr(colon + 1);
  if (!IsPlainNumber(port) || port.size() > 5) return false;
  int number = 0;
  for (const char c : port) number = number * 10 + (c - '0');
  return number >= 1 && number <= 65535;
}

bool IsNonce(std::string_view text) { return text.size() >= 16 && text.size() <= 64 && IsHex(text); }

bool IsEpoch(std::string_view text) {
  const size_t dot = text.find('.');
  return dot != std::string_view::npos && IsPlainNumber(text.substr(0, dot)) && IsPlainNumber(text.substr(dot + 1));
}

bool IsText(std::string_view text) { return !text.empty() && text.size() <= 256; }
bool IsScope(std::string_view text) { return text == "once"; }
bool IsGrantRole(std::string_view text) { return text == "agent"; }

}  // namespace crossdock::trust
