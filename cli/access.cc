// crossdock role grant|revoke|list, crossdock access-review open|show|attest|close
#include <algorithm>

#include "cli/verb.h"
#include "crossdock/admin/v1/access.grpc.pb.h"

namespace crossdock::cli {
namespace {

namespace v1 = admin::v1;
using v1::AccessReviewService;
using v1::RoleService;

struct Options {
  std::string person, role, client, reason;
  std::string until;
  int64_t days = 0;
  std::string grant;
  bool all = false;
  std::string reviewer;
  std::string review;
  std::vector<std::string> grants;
  bool suspend = false;
};

// By --until, or in --days from now.
absl::Status SetEnd(const Options& options, const Context& context, google::protobuf::Timestamp* out) {
  if (options.until.empty() == (options.days == 0)) {
    return base::InvalidArgument("say how long: --days N, or --until 2027-01-31T00:00:00Z");
  }
  base::Instant end = context.clock.Now() + std::chrono::hours(24) * options.days;
  if (!options.until.empty()) {
    ASSIGN_OR_RETURN(end, base::ParseInstant(options.until));
  }
  out->set_seconds(std::chrono::floor<std::chrono::seconds>(end).time_since_epoch().count());
  return absl::OkStatus();
}

std::string Scope(const v1::RoleGrant& grant) { return grant.client().empty() ? "all clients" : grant.client(); }

absl::Status Grant(const Options& options, Context& context) {
  v1::GrantRoleRequest request;
  request.set_person(options.person);
  request.set_role(options.role);
  request.set_client(options.client);
  request.set_reason(options.reason);
  RETURN_IF_ERROR(SetEnd(options, context, request.mutable_expires()));
  return CallAndPrint<RoleService>(context, &RoleService::Stub::GrantRole, request, [&](const auto& response) {
    const v1::RoleGrant& grant = response.grant();
    context.out << Shown(grant.grant()) << ": " << Shown(grant.person()) << " is " << Shown(grant.role()) << " of "
                << Shown(Scope(grant)) << " until " << ShowTime(grant.expires()) << "\n";
  });
}

absl::Status Revoke(const Options& options, Context& context) {
  v1::RevokeRoleRequest request;
  request.set_grant(options.grant);
  request.set_reason(options.reason);
  return CallAndPrint<RoleService>(context, &RoleService::Stub::RevokeRole, request,
                                   [&](const auto& response) { context.out << response.grant().state() << "\n"; });
}

absl::Status List(const Options& options, Context& context) {
  v1::ListRoleGrantsRequest request;
  request.set_person(options.person);
  request.set_ended_too(options.all);
  ASSIGN_OR_RETURN(auto all,
                   ListAll<RoleService>(context, &RoleService::Stub::ListRoleGrants, request,
                                        [](auto& page, auto& sum) { sum.mutable_grants()->MergeFrom(page.grants()); }));
  std::sort(all.mutable_grants()->begin(), all.mutable_grants()->end(), [](const auto& a, const auto& b) {
    return std::tie(a.person(), a.role(), a.client(), a.grant()) <
           std::tie(b.person(), b.role(), b.client(), b.grant());
  });
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table({"GRANT", "PERSON", "ROLE", "CLIENT", "UNTIL", "BY", "STATE", "REASON"});
  for (const v1::RoleGrant& grant : all.grants()) {
    table.Add({grant.grant(), grant.person(), grant.role(), Scope(grant), ShowTime(grant.expires()), grant.granted_by(),
               grant.state(), grant.reason()});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

absl::Status Open(const Options& options, Context& context) {
  v1::OpenAccessReviewRequest request;
  request.set_reviewer(options.reviewer);
  RETURN_IF_ERROR(SetEnd(options, context, request.mutable_ends()));
  return CallAndPrint<AccessReviewService>(
      context, &AccessReviewService::Stub::OpenAccessReview, request, [&](const auto& response) {
        context.out << Shown(response.review().review()) << " until " << ShowTime(response.review().ends())
                    << "; what nobody attests by then is suspended\n";
      });
}

absl::Status Show(const Options& options, Context& context) {
  v1::GetAccessReviewRequest request;
  request.set_review(options.review);
  return CallAndPrint<AccessReviewService>(
      context, &AccessReviewService::Stub::GetAccessReview, request, [&](const auto& response) {
        const v1::AccessReview& review = response.review();
        context.out << Shown(review.review()) << ", opened by " << Shown(review.opened_by()) << ", "
                    << (review.has_closed() ? "closed at " : "open until ")
                    << ShowTime(review.has_closed() ? review.closed() : review.ends()) << "\n";
        Table table({"GRANT", "PERSON", "ROLE", "CLIENT", "UNTIL", "STATE", "REVIEWER", "DECISION", "NOTE"});
        for (const v1::AccessReviewEntry& entry : response.entries()) {
          const v1::RoleGrant& grant = entry.grant();
          table.Add({grant.grant(), grant.person(), grant.role(), Scope(grant), ShowTime(grant.expires()),
                     grant.state(), entry.reviewer(), entry.decision().empty() ? "-" : entry.decision(), entry.note()});
        }
        table.Print(context.out);
      });
}

// One call a grant: those before one that is refused stay decided.
absl::Status Attest(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, StubOf<AccessReviewService>(context));
  const char* decision = options.suspend ? "suspended" : "attested";
  for (const std::string& grant : options.grants) {
    v1::AttestAccessRequest request;
    request.set_review(options.review);
    request.set_grant(grant);
    request.set_suspend(options.suspend);
    request.set_note(options.reason);
    RETURN_IF_ERROR(Call(context.connection, *stub, &AccessReviewService::Stub::AttestAccess, request).status());
  }
  Answer(context, {{"decision", decision}, {"grants", options.grants}}, [&] {
    for (const std::string& grant : options.grants) context.out << Shown(grant) << " " << decision << "\n";
  });
  return absl::OkStatus();
}

absl::Status Close(const Options& options, Context& context) {
  v1::CloseAccessReviewRequest request;
  request.set_review(options.review);
  return CallAndPrint<AccessReviewService>(
      context, &AccessReviewService::Stub::CloseAccessReview, request,
      [&](const auto& response) { context.out << Shown(response.review().review()) << " closed\n"; });
}

void AddEnd(CLI::App* verb, Options& options, int days_max) {
  verb->add_option("--days", options.days, "from now")->check(CLI::Range(1, days_max));
  verb->add_option("--until", options.until, "such as 2027-01-31T00:00:00Z");
}

}  // namespace

void AddRole(CLI::App& app, Context& context) {
  CLI::App& noun = *app.add_subcommand("role", "who may do what, for which client, until when")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  CLI::App* grant = AddVerb(noun, context, options, "grant", "give a person of the roster a role for a time", Grant);
  grant->add_option("person", options->person, "as the roster calls them")->required();
  grant->add_option("role", options->role, "viewer, requester, operator, approver, auditor …")->required();
  grant->add_option("--client", options->client, "for this client alone; they say --for CLIENT to use it");
  grant->add_option("--reason", options->reason, "why, for whoever reviews it");
  AddEnd(grant, *options, 366);
  CLI::App* revoke = AddVerb(noun, context, options, "revoke", "end a grant now", Revoke);
  revoke->add_option("grant", options->grant, "its id")->required();
  revoke->add_option("--reason", options->reason, "why");
  CLI::App* list = AddVerb(noun, context, options, "list", "who holds what, until when, given by whom", List);
  list->add_option("--person", options->person, "of this person only");
  list->add_flag("--all", options->all, "also what has ended");
}

void AddAccessReview(CLI::App& app, Context& context) {
  CLI::App& noun =
      *app.add_subcommand("access-review", "whether everybody still needs what they may do")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  CLI::App* open = AddVerb(noun, context, options, "open", "ask about every role that was given", Open);
  AddEnd(open, *options, 92);
  open->add_option("--reviewer", options->reviewer, "of all roles but their own; otherwise whoever gave each");
  AddVerb(noun, context, options, "show", "a review, the last one when none is named", Show)
      ->add_option("review", options->review, "its id");
  CLI::App* attest = AddVerb(noun, context, options, "attest", "say that somebody still needs a role", Attest);
  attest->add_option("grant", options->grants, "its id; may be several")->required();
  attest->add_flag("--suspend", options->suspend, "that they do not: it ends now");
  attest->add_option("--note", options->reason, "why");
  attest->add_option("--review", options->review, "in this review; otherwise the open one");
  AddVerb(noun, context, options, "close", "end a review now: what nobody attested is suspended", Close)
      ->add_option("review", options->review, "its id; otherwise the open one");
}

}  // namespace crossdock::cli
