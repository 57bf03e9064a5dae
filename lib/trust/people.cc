// Whom a roster means by a name: one person, however they are spelled.
#include "absl/strings/ascii.h"
#include "lib/base/strings.h"
#include "lib/trust/roster.h"

namespace crossdock::trust {
namespace {

constexpr std::string_view kUser = "user:";
// No certificate's or person's name begins so.
constexpr std::string_view kIssuer = "https://";

}  // namespace

std::string SubjectOf(const SignIn& account) { return base::StrCat(kUser, account.issuer, "#", account.user); }

std::optional<std::string> Roster::FindPerson(std::string_view name) const {
  const auto found = persons_.find(absl::AsciiStrToLower(base::ToAbsl(name)));
  if (found == persons_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Roster::PersonOfSubject(std::string_view subject) const {
  if (!subject.starts_with(kUser)) return std::nullopt;
  if (!subject.substr(kUser.size()).starts_with(kIssuer)) return FindPerson(subject.substr(kUser.size()));
  const auto found = accounts_.find(std::string(subject));
  if (found == accounts_.end()) return std::nullopt;
  return found->second;
}

}  // namespace crossdock::trust
