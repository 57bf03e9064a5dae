// crossdock roster check|sign: the officers' own part, without an orchestrator.
#include <sys/stat.h>

#include <ostream>

#include "cli/verb.h"
#include "lib/base/file.h"
#include "lib/base/key_file.h"
#include "lib/trust/kinds.h"
#include "lib/trust/reasons.h"
#include "lib/trust/roster.h"
#include "lib/trust/signed_statement.h"
#include "lib/trust/verify_roster.h"

namespace crossdock::cli {
namespace {

struct Options {
  std::string body;
  std::string key;
  std::string out;
  std::string held;
};

Document Summary(const trust::Roster& roster) {
  return {{"number", roster.number()},
          {"trust_domain", roster.trust_domain()},
          {"expires", base::FormatSeconds(roster.expires())},
          {"roster_root", roster.Root()},
          {"threshold", roster.threshold()},
          {"sites", roster.sites().size()},
          {"approvers", roster.approvers().size()},
          {"paths", roster.paths().size()}};
}

void Say(const trust::Roster& roster, Context& context) {
  context.out << "roster " << roster.number() << " of " << roster.trust_domain() << ": " << roster.sites().size()
              << " sites, " << roster.approvers().size() << " approvers, " << roster.paths().size()
              << " paths; expires " << base::FormatSeconds(roster.expires()) << "\nroster_root: " << roster.Root()
              << '\n';
}

absl::Status Check(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const std::string body, base::ReadFile(options.body, 1u << 20));
  ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(body, options.body));
  Answer(context, Summary(roster), [&] { Say(roster, context); });
  return absl::OkStatus();
}

// The first officer's signature makes the statement, the others' are added to it.
absl::StatusOr<trust::SignedStatement> Statement(const Options& options, const trust::Roster& roster,
                                                 const base::PrivateKey& key, const Context& context) {
  struct stat info {};
  if (::stat(options.out.c_str(), &info) == 0) {
    ASSIGN_OR_RETURN(const std::string text, base::ReadFile(options.out, 64u << 10));
    ASSIGN_OR_RETURN(trust::SignedStatement statement, trust::SignedStatement::Parse(text));
    ASSIGN_OR_RETURN(const auto said, trust::Decode<trust::RosterStatement>(statement.statement()));
    if (said.body_sha256 != roster.body_sha256()) {
      return base::FailedPrecondition(options.out, " signs another body; name another file with --out");
    }
    RETURN_IF_ERROR(statement.AddSignature(key));
    return statement;
  }
  trust::RosterStatement fresh;
  fresh.number = roster.number();
  fresh.issued = std::chrono::floor<std::chrono::seconds>(context.clock.Now());
  fresh.expires = roster.expires();
  fresh.body_sha256 = roster.body_sha256();
  ASSIGN_OR_RETURN(const std::string text, trust::Encode(fresh));
  return trust::SignedStatement::Sign(text, key);
}

// Whether those who hold the roster before would believe this one; OK when nobody asked.
absl::Status CheckSucceeds(const Options& options, std::string_view body, const trust::SignedStatement& statement,
                           const Context& context) {
  if (options.held.empty()) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string text, base::ReadFile(options.held, 1u << 20));
  ASSIGN_OR_RETURN(const trust::Roster held, trust::Roster::Parse(text, options.held));
  return trust::VerifyRoster(body, statement.Format(), {&held, ""}, context.clock.Now()).status();
}

absl::Status Sign(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const std::string body, base::ReadFile(options.body, 1u << 20));
  ASSIGN_OR_RETURN(const trust::Roster roster, trust::Roster::Parse(body, options.body));
  ASSIGN_OR_RETURN(const base::PrivateKey key, base::ReadSigningKey(options.key));
  ASSIGN_OR_RETURN(const trust::SignedStatement statement, Statement(options, roster, key, context));
  RETURN_IF_ERROR(base::WriteFileAtomic(options.out, statement.Format()));
  const absl::Status succeeds = CheckSucceeds(options, body, statement, context);
  if (!succeeds.ok() && base::ReasonOf(succeeds) != trust::kRosterUnsigned) return succeeds;
  Document document = Summary(roster);
  document["signatures"] = statement.signatures().size();
  if (!options.held.empty()) document["enough"] = succeeds.ok();
  document["statement_file"] = options.out;
  Answer(context, document, [&] {
    context.out << "signed: roster " << roster.number() << ", " << statement.signatures().size() << " of "
                << roster.threshold() << " signatures\n";
    if (!succeeds.ok()) context.out << "not enough yet: " << succeeds.message() << '\n';
    if (succeeds.ok()) context.out << "next: crossdock roster set " << options.body << ' ' << options.out << '\n';
  });
  return absl::OkStatus();
}

}  // namespace

void AddRosterOffline(CLI::App& noun, Context& context) {
  const auto options = std::make_shared<Options>();
  AddVerb(noun, context, options, "check", "read a roster, say what is in it and its root", Check)
      ->add_option("body", options->body, "the roster (YAML)")
      ->required();
  CLI::App* sign = AddVerb(noun, context, options, "sign", "sign a roster, or add a signature", Sign);
  sign->add_option("body", options->body, "the roster (YAML)")->required();
  sign->add_option("--sign-with", options->key, "an officer's key")->required();
  sign->add_option("--out", options->out, "the signed statement's file")->required();
  sign->add_option("--held", options->held, "the roster that is in force: say whether its officers have signed enough");
}

}  // namespace crossdock::cli
