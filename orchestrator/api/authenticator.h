// Callers from credentials: API tokens and the deny list from the database, roles of certificates from the
// configuration, people by the tokens of their identity provider.
//
// A person goes by the name that the roster has for them, whichever certificate or account they come by.
//
// What is read is kept in memory for kFreshFor, so that a revocation acts within 5 s and a call costs no query. While
// the database is away, what was read last counts for kStaleFor; then nobody is let in. Thread-safe.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/clock.h"
#include "lib/base/mutex.h"
#include "lib/base/random.h"
#include "lib/pg/database.h"
#include "lib/rpc/gate.h"
#include "lib/trust/roster.h"
#include "orchestrator/api/configured_roles.h"
#include "orchestrator/api/sign_in.h"
#include "orchestrator/store/identity.h"
#include "orchestrator/store/role_grants.h"

namespace crossdock::orchestrator::api {

// "cdt_" and 43 characters: 256 random bits.
inline constexpr std::string_view kTokenPrefix = "cdt_";
std::string NewTokenSecret(base::Random& random);
// What the database holds in its place: SHA-256 in lower hex.
std::string TokenHash(std::string_view secret);

class DatabaseAuthenticator : public rpc::Authenticator {
 public:
  static constexpr std::chrono::milliseconds kFreshFor{2'000};
  static constexpr std::chrono::milliseconds kStaleFor{60'000};
  static constexpr size_t kTokensCachedMax = 10'000;

  // `roles_of_users`: SPIFFE name of a user's certificate → roles, for the first administrators.
  // `sign_in`: for tokens of identity providers; null: none are taken. Everything outlives the authenticator.
  DatabaseAuthenticator(pg::Database& database, const base::Clock& clock, RolesOfUsers roles_of_users,
                        const SignIn* sign_in = nullptr);

  absl::StatusOr<rpc::Caller> ByToken(std::string_view secret) override;
  absl::StatusOr<rpc::Caller> ByCertificate(const rpc::PeerCertificate& certificate) override;

 private:
  struct CachedToken {
    std::optional<store::ApiToken> token;  // nothing: there is no such token
    base::Steady read;
  };
  absl::StatusOr<std::optional<store::ApiToken>> FindToken(const std::string& hash);
  absl::StatusOr<bool> IsDenied(const std::string& spki);
  // The roster in force, and what people are granted under it.
  struct People {
    std::shared_ptr<const trust::Roster> roster;                     // null: there is none yet
    std::unordered_map<std::string, std::vector<RoleGrant>> grants;  // by person
  };
  absl::StatusOr<std::shared_ptr<const People>> ReadPeople();
  // A user under the name of their person, with what that person is granted, when the roster says whose certificate or
  // account it is.
  absl::StatusOr<rpc::Caller> Named(rpc::Caller caller);
  void AddGranted(const People& people, rpc::Caller& caller) const;

  pg::Database& database_;
  const base::Clock& clock_;
  const RolesOfUsers roles_of_users_;
  const SignIn* const sign_in_;
  base::Mutex mutex_;
  std::unordered_map<std::string, CachedToken> tokens_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> denied_ ABSL_GUARDED_BY(mutex_);
  std::optional<base::Steady> denied_read_ ABSL_GUARDED_BY(mutex_);
  std::shared_ptr<const People> people_ ABSL_GUARDED_BY(mutex_);
  std::optional<base::Steady> people_read_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace crossdock::orchestrator::api
