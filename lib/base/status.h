// Errors: absl::Status at every boundary, with a machine-readable reason beside the sentence.
//
// The sentence says what happened, to what, and what to do. The reason is an UPPER_SNAKE word that programs compare; it
// travels in the status's payload, is stored and sent as such, and is never parsed from the sentence.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "lib/base/strings.h"

namespace crossdock::base {

// A copy of `status` that carries `reason` (UPPER_SNAKE). An OK status is returned unchanged.
absl::Status WithReason(absl::Status status, std::string_view reason);

// The reason that `status` carries, or "" when it has none.
std::string ReasonOf(const absl::Status& status);

// `status` with "`context`: " before its message; code and reason stay.
absl::Status Annotate(const absl::Status& status, std::string_view context);

// An error of `code` whose message is the parts, concatenated.
template <typename... Parts>
absl::Status Error(absl::StatusCode code, const Parts&... parts) {
  return absl::Status(code, StrCat(parts...));
}
template <typename... Parts>
absl::Status InvalidArgument(const Parts&... parts) {
  return Error(absl::StatusCode::kInvalidArgument, parts...);
}
template <typename... Parts>
absl::Status NotFound(const Parts&... parts) {
  return Error(absl::StatusCode::kNotFound, parts...);
}
template <typename... Parts>
absl::Status FailedPrecondition(const Parts&... parts) {
  return Error(absl::StatusCode::kFailedPrecondition, parts...);
}
template <typename... Parts>
absl::Status PermissionDenied(const Parts&... parts) {
  return Error(absl::StatusCode::kPermissionDenied, parts...);
}
template <typename... Parts>
absl::Status Unavailable(const Parts&... parts) {
  return Error(absl::StatusCode::kUnavailable, parts...);
}
template <typename... Parts>
absl::Status Internal(const Parts&... parts) {
  return Error(absl::StatusCode::kInternal, parts...);
}
template <typename... Parts>
absl::Status AlreadyExists(const Parts&... parts) {
  return Error(absl::StatusCode::kAlreadyExists, parts...);
}
template <typename... Parts>
absl::Status ResourceExhausted(const Parts&... parts) {
  return Error(absl::StatusCode::kResourceExhausted, parts...);
}

// The error of a system call that has just failed: "`parts`: No such file or directory", with a code that fits `error`.
absl::Status ErrnoStatus(int error, std::string_view what);
template <typename... Parts>
absl::Status Errno(int error, const Parts&... parts) {
  return ErrnoStatus(error, StrCat(parts...));
}

}  // namespace crossdock::base

#define CROSSDOCK_CONCAT_INNER(a, b) a##b
#define CROSSDOCK_CONCAT(a, b) CROSSDOCK_CONCAT_INNER(a, b)

// Returns from the enclosing function with the status of `expr` unless it is OK.
#define RETURN_IF_ERROR(expr)                                                                    \
  do {                                                                                           \
    if (absl::Status crossdock_status = (expr); !crossdock_status.ok()) return crossdock_status; \
  } while (false)

// Declares or assigns `lhs` from the StatusOr `expr`, or returns its status.
#define ASSIGN_OR_RETURN(lhs, expr) ASSIGN_OR_RETURN_IMPL(CROSSDOCK_CONCAT(crossdock_or_, __LINE__), lhs, expr)
#define ASSIGN_OR_RETURN_IMPL(temp, lhs, expr)     \
  auto temp = (expr);                              \
  if (!temp.ok()) return std::move(temp).status(); \
  lhs = std::move(temp).value()
