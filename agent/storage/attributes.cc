#include "agent/storage/attributes.h"

#include <sys/xattr.h>

#include <algorithm>
#include <cerrno>

#include "agent/storage/io_reason.h"
#include "lib/base/status.h"
#include "lib/wire/reason.h"

namespace crossdock::agent {
namespace {

// The kernel's own limit on the list and on one value.
constexpr size_t kListSizeMax = 65536;

absl::Status TooLarge() {
  return wire::Fail(wire::Reason::kAttributesTooLarge, "has more than ", wire::kAttributesMax,
                    " extended attributes or ", wire::kAttributesSizeMax,
                    " bytes of them; remove some, or set `xattrs: drop` for the volume");
}

}  // namespace

absl::StatusOr<wire::Attributes> ReadAttributes(int directory, const std::string& name, const std::string& path) {
  // There is no call that takes a directory and a name, and opening every file for this would cost more.
  const std::string at = base::StrCat("/proc/self/fd/", directory, "/", name);
  wire::Attributes attributes;
  const ssize_t none = llistxattr(at.c_str(), nullptr, 0);
  if (none == 0 || (none < 0 && IsUnsupported(errno))) return attributes;
  std::string names(kListSizeMax, '\0');
  const ssize_t size = llistxattr(at.c_str(), names.data(), names.size());
  if (size < 0) return SourceError(errno, "cannot list the extended attributes of", path);
  size_t bytes = 0;
  for (const char* each = names.data(); each < names.data() + size; each += std::string_view(each).size() + 1) {
    if (!wire::IsPortableAttribute(each)) continue;
    std::string value(wire::kAttributesSizeMax, '\0');
    const ssize_t got = lgetxattr(at.c_str(), each, value.data(), value.size());
    if (got < 0 && errno == ENODATA) continue;  // removed meanwhile
    if (got < 0 && errno == ERANGE) return TooLarge();
    if (got < 0) return SourceError(errno, "cannot read an extended attribute of", path);
    value.resize(static_cast<size_t>(got));
    attributes.push_back({each, std::move(value)});
    bytes += attributes.back().name.size() + attributes.back().value.size();
    if (attributes.size() > wire::kAttributesMax || bytes > wire::kAttributesSizeMax) return TooLarge();
  }
  std::sort(attributes.begin(), attributes.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return attributes;
}

absl::StatusOr<bool> SetAttributes(int fd, const wire::Attributes& attributes, const std::string& path,
                                   FileCalls& calls) {
  for (const wire::Attribute& each : attributes) {
    if (calls.SetAttribute(fd, each.name, each.value.data(), each.value.size()) == 0) continue;
    if (IsUnsupported(errno)) return false;
    return DestinationError(errno, "cannot set an extended attribute of", path);
  }
  return true;
}

}  // namespace crossdock::agent
