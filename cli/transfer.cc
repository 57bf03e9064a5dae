// crossdock transfer list|show|watch|explain|cancel|pause|resume|retry|create
#include <chrono>
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cli/output.h"
#include "crossdock/studio/v1/transfer.grpc.pb.h"
#include "lib/base/status.h"

namespace crossdock::cli {
namespace {

namespace v1 = studio::v1;
using v1::TransferService;
using Stub = v1::TransferService::Stub;

constexpr int kPageSize = 500;

absl::StatusOr<v1::TransferState> StateOf(const std::string& name) {
  std::string all;
  for (int i = v1::TransferState_MIN + 1; i <= v1::TransferState_MAX; ++i) {
    const auto state = static_cast<v1::TransferState>(i);
    if (StateName(state) == name) return state;
    all += (all.empty() ? "" : ", ") + StateName(state);
  }
  return base::InvalidArgument("no state '", name, "'; there are ", all);
}

std::string Progress(const v1::Transfer& transfer) {
  if (transfer.bytes() == 0) return "";
  if (transfer.state() >= v1::TRANSFER_STATE_DELIVERED) return ShowBytes(transfer.bytes());
  return base::StrCat(100 * transfer.bytes_done() / transfer.bytes(), "% of ", ShowBytes(transfer.bytes()));
}

void AddRow(const v1::Transfer& transfer, Table& table) {
  table.Add({transfer.transfer(), StateName(transfer.state()) + (transfer.paused() ? " (paused)" : ""),
             transfer.source_site() + " → " + transfer.destination_site(), transfer.entity().project(),
             Words({transfer.entity().name(), transfer.entity().version()}), Progress(transfer), transfer.reason(),
             ShowTime(transfer.changed())});
}

Table TransferTable() {
  return Table({"TRANSFER", "STATE", "ROUTE", "PROJECT", "ENTITY", "SIZE", "REASON", "CHANGED"});
}

struct Options {
  std::string transfer;
  std::string reason;
  std::string client, project, to;
  std::vector<std::string> states;
  bool live = false;
  int limit = 100;
  std::string resume_token;
  v1::CreateTransferRequest create;
  std::string path, destination_path, type, id, name, version, source_database, entity_client, classification;
};
using Shared = std::shared_ptr<Options>;

absl::StatusOr<std::unique_ptr<Stub>> NewStub(const Context& context) {
  ASSIGN_OR_RETURN(auto channel, Connect(context.connection));
  return TransferService::NewStub(channel);
}

absl::Status List(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  v1::ListTransfersRequest request;
  request.set_client(options.client);
  request.set_project(options.project);
  request.set_destination_site(options.to);
  request.set_live_only(options.live);
  for (const std::string& name : options.states) {
    ASSIGN_OR_RETURN(const v1::TransferState state, StateOf(name));
    request.add_states(state);
  }
  v1::ListTransfersResponse all;
  do {
    request.set_page_size(std::min(kPageSize, options.limit - all.transfers_size()));
    ASSIGN_OR_RETURN(auto page, Call(context.connection, *stub, &Stub::ListTransfers, request));
    for (auto& transfer : *page.mutable_transfers()) *all.add_transfers() = std::move(transfer);
    request.set_page_token(page.next_page_token());
    all.set_next_page_token(page.next_page_token());
  } while (!request.page_token().empty() && all.transfers_size() < options.limit);
  if (context.json) {
    context.out << ToJson(all) << '\n';
    return absl::OkStatus();
  }
  Table table = TransferTable();
  for (const auto& transfer : all.transfers()) AddRow(transfer, table);
  table.Print(context.out);
  if (!all.next_page_token().empty()) context.err << "there are more: give a higher --limit\n";
  return absl::OkStatus();
}

void ShowTransfer(const v1::Transfer& transfer, std::ostream& out) {
  Table table({"transfer", transfer.transfer()});
  table.Add({"state", StateName(transfer.state())});
  table.Add({"reason", transfer.reason()});
  table.Add({"detail", transfer.detail()});
  if (transfer.paused()) table.Add({"paused", transfer.paused_by() + ": " + transfer.paused_reason()});
  table.Add({"client", transfer.entity().client()});
  table.Add({"project", transfer.entity().project()});
  table.Add({"entity", Words({transfer.entity().type(), transfer.entity().id(), transfer.entity().name(),
                              transfer.entity().version()})});
  table.Add({"from", base::StrCat(transfer.source_site(), ":", transfer.volume(), "/", transfer.path())});
  table.Add(
      {"to", base::StrCat(transfer.destination_site(), ":", transfer.volume(), "/", transfer.destination_path())});
  table.Add({"purpose", transfer.purpose()});
  table.Add({"size", base::StrCat(transfer.files(), " files, ", ShowBytes(transfer.bytes()))});
  table.Add({"done", base::StrCat(transfer.files_done(), " files, ", ShowBytes(transfer.bytes_done()), ", ",
                                  ShowBytes(static_cast<uint64_t>(transfer.bytes_per_second())), "/s")});
  if (!transfer.held_back_by().empty()) table.Add({"held back by", transfer.held_back_by()});
  table.Add({"epoch", base::StrCat(transfer.epoch().generation(), ".", transfer.epoch().n())});
  table.Add({"listing", transfer.listing_digest()});
  table.Add({"content", transfer.content_root()});
  table.Add({"requester", transfer.requester()});
  table.Add({"trigger", transfer.trigger()});
  table.Add({"created", ShowTime(transfer.created())});
  table.Add({"changed", ShowTime(transfer.changed())});
  table.Print(out);
}

absl::Status Show(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  v1::GetTransferRequest request;
  request.set_transfer(options.transfer);
  ASSIGN_OR_RETURN(const auto response, Call(context.connection, *stub, &Stub::GetTransfer, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
    return absl::OkStatus();
  }
  ShowTransfer(response.transfer(), context.out);
  if (response.decision_size() > 0) context.out << "\nThe policy says:\n";
  for (const std::string& line : response.decision()) context.out << "  " << Shown(line) << '\n';
  if (response.findings_size() > 0) context.out << "\nThe scan found:\n";
  for (const auto& finding : response.findings()) {
    context.out << "  " << Shown(finding.code()) << " " << Shown(finding.path()) << " " << Shown(finding.detail())
                << '\n';
  }
  context.out << '\n';
  Table history({"AT", "FROM", "TO", "CAUSE", "ACTOR", "REASON", "DETAIL"});
  for (const auto& entry : response.history()) {
    history.Add({ShowTime(entry.at()), StateName(entry.from()), StateName(entry.to()), entry.cause(), entry.actor(),
                 entry.reason(), entry.detail()});
  }
  history.Print(context.out);
  return absl::OkStatus();
}

absl::Status Explain(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  v1::ExplainTransferRequest request;
  request.set_transfer(options.transfer);
  ASSIGN_OR_RETURN(const auto response, Call(context.connection, *stub, &Stub::ExplainTransfer, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
    return absl::OkStatus();
  }
  context.out << StateName(response.transfer().state());
  if (!response.reason().empty()) context.out << ": " << Shown(response.reason());
  context.out << '\n';
  for (const std::string& line : response.lines()) context.out << "  " << Shown(line) << '\n';
  for (const auto& requirement : response.requirements()) {
    context.out << "  " << Shown(requirement.requirement()) << ": " << requirement.have() << " of "
                << requirement.count() << " from " << Shown(Join(requirement.from()));
    if (requirement.approved_by_size() > 0) context.out << " (" << Shown(Join(requirement.approved_by())) << ")";
    context.out << '\n';
  }
  return absl::OkStatus();
}

// Prints what one message of the stream says.
void PrintChange(const v1::WatchTransfersResponse& message, Context& context) {
  if (context.json) {
    context.out << ToJson(message) << std::endl;
    return;
  }
  if (!message.has_transfer()) return;
  const v1::Transfer& transfer = message.transfer();
  context.out << ShowTime(transfer.changed()) << "  " << transfer.transfer() << "  " << StateName(transfer.state())
              << "  " << Shown(transfer.source_site()) << " → " << Shown(transfer.destination_site()) << "  "
              << Shown(transfer.entity().name()) << " " << Shown(transfer.entity().version()) << "  "
              << Shown(Progress(transfer)) << "  " << Shown(transfer.reason()) << std::endl;
}

// Watches for ever: a broken stream is taken up where it ended. With a transfer named, ends when that one has ended.
absl::Status Watch(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  v1::WatchTransfersRequest request;
  request.set_project(options.project);
  request.set_transfer(options.transfer);
  request.set_resume_token(options.resume_token);
  for (int failures = 0; failures < 10;) {
    const auto call = ContextOf(context.connection, std::chrono::hours(24 * 365));
    call->set_wait_for_ready(failures > 0);
    const auto stream = stub->WatchTransfers(call.get(), request);
    v1::WatchTransfersResponse message;
    while (stream->Read(&message)) {
      failures = 0;
      PrintChange(message, context);
      request.set_resume_token(message.resume_token());
      if (!options.transfer.empty() && message.has_transfer() &&
          message.transfer().state() >= v1::TRANSFER_STATE_CLOSED) {
        return message.transfer().state() == v1::TRANSFER_STATE_CLOSED ? absl::OkStatus() : Negative();
      }
    }
    const absl::Status ended = rpc::FromGrpc(stream->Finish());
    // The server ends each stream after a while, and replicas are restarted: both are no end of the watch.
    if (!ended.ok() && ended.code() != absl::StatusCode::kUnavailable) return ended;
    ++failures;
  }
  return base::Unavailable("the watch broke ten times in a row");
}

// A verb that names one transfer and answers with it.
template <typename Request, typename Response>
absl::Status Act(const Options& options, Context& context,
                 grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*)) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  Request request;
  request.set_transfer(options.transfer);
  request.set_request_id(base::NewId(context.random, "r"));
  if constexpr (requires { request.set_reason(""); }) request.set_reason(options.reason);
  ASSIGN_OR_RETURN(const Response response, Call(context.connection, *stub, method, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else {
    context.out << response.transfer().transfer() << "  " << StateName(response.transfer().state())
                << (response.transfer().paused() ? " (paused)" : "") << '\n';
  }
  return absl::OkStatus();
}

absl::Status Create(Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  v1::CreateTransferRequest& request = options.create;
  if (request.request_id().empty()) request.set_request_id(base::NewId(context.random, "r"));
  request.set_path(options.path);
  request.set_destination_path(options.destination_path);
  auto* entity = request.mutable_entity();
  entity->set_client(options.entity_client);
  entity->set_project(request.project());
  entity->set_source(options.source_database);
  entity->set_type(options.type);
  entity->set_id(options.id);
  entity->set_name(options.name);
  entity->set_version(options.version);
  entity->set_classification(options.classification);
  ASSIGN_OR_RETURN(const auto response, Call(context.connection, *stub, &Stub::CreateTransfer, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else if (request.validate_only()) {
    context.out << "would be made; nothing was\n";
  } else {
    context.out << response.transfer().transfer() << '\n';
  }
  return absl::OkStatus();
}

void AddCreate(CLI::App& noun, Context& context, const Shared& options) {
  CLI::App* create = noun.add_subcommand("create", "make a transfer without an event; the policy decides over it");
  const auto text = [&](const char* flag, auto setter, const char* help) {
    return create->add_option_function<std::string>(
        flag, [options, setter](const std::string& value) { (options->create.*setter)(value); }, help);
  };
  using R = v1::CreateTransferRequest;
  using Set = void (R::*)(const std::string&);
  text("--project", static_cast<Set>(&R::set_project<const std::string&>), "project")->required();
  text("--from", static_cast<Set>(&R::set_source_site<const std::string&>), "site")->required();
  text("--to", static_cast<Set>(&R::set_destination_site<const std::string&>), "site")->required();
  text("--volume", static_cast<Set>(&R::set_volume<const std::string&>), "volume, the same at both sites")->required();
  text("--purpose", static_cast<Set>(&R::set_purpose<const std::string&>), "what it is for")->required();
  text("--request-id", static_cast<Set>(&R::set_request_id<const std::string&>),
       "the same id a second time makes nothing new");
  create->add_option("--client", options->entity_client, "whose content it is")->required();
  create->add_option("--path", options->path, "directory or file below the volume's root")->required();
  create->add_option("--as", options->destination_path, "path at the destination; the same when not given");
  text("--merge", static_cast<Set>(&R::set_merge<const std::string&>),
       "whether it may join a directory that is there: never (usual), whole (all at once), visible (file by file on "
       "NFS)");
  create->add_flag_function(
      "--replace", [options](int64_t) { options->create.set_replace(true); },
      "files of the same names at the destination give way");
  text("--ready", static_cast<Set>(&R::set_ready<const std::string&>),
       "when it is whole: none (usual: now), 'stable 30s' (unchanged for so long), 'marker FILE' (that file is there)");
  create->add_option("--entity-source", options->source_database, "name of the asset database that knows the entity");
  create->add_option("--entity-type", options->type, "version, shot, asset …");
  create->add_option("--entity-id", options->id, "its id there");
  create->add_option("--name", options->name, "its name");
  create->add_option("--entity-version", options->version, "its version");
  create->add_option("--classification", options->classification, "public … secret");
  create->add_option_function<int>(
      "--priority", [options](int value) { options->create.set_priority(value); }, "higher goes first; 0 is usual");
  create->add_flag_function(
      "--validate-only", [options](int64_t) { options->create.set_validate_only(true); }, "check, make nothing");
  create->callback([&context, options] { context.run = [&context, options] { return Create(*options, context); }; });
}

}  // namespace

void AddTransfer(CLI::App& app, Context& context) {
  CLI::App* noun = app.add_subcommand("transfer", "packages on their way")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, bool names_one, auto run) {
    CLI::App* added = noun->add_subcommand(name, help);
    if (names_one) added->add_option("transfer", options->transfer, "its id, t-…")->required();
    added->callback(
        [&context, options, run] { context.run = [&context, options, run] { return run(*options, context); }; });
    return added;
  };
  CLI::App* list = verb("list", "those that match, newest first", false, List);
  list->add_option("--client", options->client, "of this client only");
  list->add_option("--project", options->project, "of this project only");
  list->add_option("--to", options->to, "to this site only");
  list->add_option("--state", options->states, "in this state; may be given again");
  list->add_flag("--live", options->live, "not the ended ones");
  list->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 100000));
  verb("show", "one with its history, decision and findings", true, Show);
  verb("explain", "why is it not there yet", true, Explain);
  CLI::App* watch = verb("watch", "every change as it happens", false, Watch);
  watch->add_option("transfer", options->transfer, "only this one, until it has ended");
  watch->add_option("--project", options->project, "of this project only");
  watch->add_option("--resume", options->resume_token, "from this token on");
  const auto act = [](auto method) {
    return [method](Options& chosen, Context& used) { return Act(chosen, used, method); };
  };
  verb("cancel", "end it; nothing is delivered", true, act(&Stub::CancelTransfer))
      ->add_option("--reason", options->reason, "why")
      ->required();
  verb("pause", "stop it for now", true, act(&Stub::PauseTransfer))
      ->add_option("--reason", options->reason, "why")
      ->required();
  verb("resume", "let a paused one go on", true, act(&Stub::ResumeTransfer));
  verb("retry", "scan and decide an ended one again", true, act(&Stub::RetryTransfer));
  AddCreate(*noun, context, options);
}

}  // namespace crossdock::cli
