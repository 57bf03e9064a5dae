// crossdock event publish|list|flush
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/time_util.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <ostream>

#include "cli/command.h"
#include "cli/output.h"
#include "crossdock/studio/v1/event.grpc.pb.h"
#include "lib/base/file.h"
#include "lib/base/status.h"

namespace crossdock::cli {
namespace {

namespace v1 = studio::v1;
using Stub = v1::EventService::Stub;

constexpr size_t kEventSizeMax = 64u << 10;

struct Options {
  v1::Event event;
  std::string spool;
  std::string outcome;
  std::string data_file;
  int limit = 100;
};
using Shared = std::shared_ptr<Options>;

absl::StatusOr<std::unique_ptr<Stub>> NewStub(const Context& context) {
  ASSIGN_OR_RETURN(auto channel, Connect(context.connection));
  return v1::EventService::NewStub(channel);
}

absl::Status Publish(Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  v1::PublishEventRequest request;
  *request.mutable_event() = options.event;
  if (!options.data_file.empty()) {
    ASSIGN_OR_RETURN(*request.mutable_event()->mutable_data_json(), base::ReadFile(options.data_file, kEventSizeMax));
  }
  if (!request.event().has_occurred()) {
    *request.mutable_event()->mutable_occurred() = google::protobuf::util::TimeUtil::SecondsToTimestamp(
        std::chrono::floor<std::chrono::seconds>(context.clock.Now()).time_since_epoch().count());
  }
  ASSIGN_OR_RETURN(const auto response, Call(context.connection, *stub, &Stub::PublishEvent, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
  } else {
    context.out << (response.duplicate() ? "known already\n" : "taken\n");
  }
  return absl::OkStatus();
}

std::string OutcomeName(v1::EventOutcome outcome) {
  std::string name = v1::EventOutcome_Name(outcome).substr(sizeof("EVENT_OUTCOME_") - 1);
  for (char& c : name) c = static_cast<char>(std::tolower(c));
  return name;
}

absl::Status List(const Options& options, Context& context) {
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  v1::ListEventsRequest request;
  request.set_page_size(options.limit);
  if (!options.outcome.empty()) {
    for (int i = v1::EventOutcome_MIN + 1; i <= v1::EventOutcome_MAX; ++i) {
      if (OutcomeName(static_cast<v1::EventOutcome>(i)) == options.outcome) {
        request.set_outcome(static_cast<v1::EventOutcome>(i));
      }
    }
    if (request.outcome() == v1::EVENT_OUTCOME_UNSPECIFIED) {
      return base::InvalidArgument("no outcome '", options.outcome,
                                   "'; there are waiting, transfers_made, no_trigger, superseded, parked");
    }
  }
  ASSIGN_OR_RETURN(const auto response, Call(context.connection, *stub, &Stub::ListEvents, request));
  if (context.json) {
    context.out << ToJson(response) << '\n';
    return absl::OkStatus();
  }
  Table table({"RECEIVED", "SOURCE", "ID", "KIND", "ENTITY", "OUTCOME", "TRANSFERS", "DETAIL"});
  for (const auto& entry : response.entries()) {
    table.Add({ShowTime(entry.received()), entry.event().source(), entry.event().external_id(), entry.event().kind(),
               entry.event().entity_type() + " " + entry.event().entity_id(), OutcomeName(entry.outcome()),
               Join(entry.transfers()), entry.detail()});
  }
  table.Print(context.out);
  return absl::OkStatus();
}

// Sends what hooks left while the orchestrator was away: each *.json of the spool is one Event as JSON. A file is
// removed once its event is durable, so that a flush that breaks is simply run again; a file that cannot be read is
// renamed to *.bad and does not block the others.
absl::Status Flush(const Options& options, Context& context) {
  std::error_code error;
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(options.spool, error)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path().string());
  }
  if (error) return base::NotFound("spool directory ", options.spool, ": ", error.message());
  std::sort(files.begin(), files.end());  // names begin with the time
  ASSIGN_OR_RETURN(const auto stub, NewStub(context));
  int sent = 0, duplicates = 0, bad = 0;
  for (const std::string& file : files) {
    v1::PublishEventRequest request;
    const auto text = base::ReadFile(file, kEventSizeMax);
    if (absl::IsNotFound(text.status())) continue;  // another flush was quicker
    absl::Status outcome = text.status();
    if (text.ok() && !google::protobuf::util::JsonStringToMessage(*text, request.mutable_event()).ok()) {
      outcome = base::InvalidArgument("no event as JSON");
    }
    if (outcome.ok()) {
      const auto response = Call(context.connection, *stub, &Stub::PublishEvent, request);
      outcome = response.status();
      if (response.ok()) ++(response->duplicate() ? duplicates : sent);
    }
    if (outcome.ok()) {
      std::filesystem::remove(file, error);
    } else if (absl::IsInvalidArgument(outcome)) {
      ++bad;
      std::filesystem::rename(file, file + ".bad", error);
      context.err << Shown(file) << ": " << Shown(base::ToStd(outcome.message())) << "; kept as " << Shown(file)
                  << ".bad\n";
    } else {
      return outcome;  // the rest stays for the next flush
    }
  }
  if (context.json) {
    context.out << "{\"sent\":" << sent << ",\"duplicates\":" << duplicates << ",\"bad\":" << bad << "}\n";
  } else {
    context.out << sent << " sent, " << duplicates << " known already, " << bad << " unreadable\n";
  }
  return bad == 0 ? absl::OkStatus() : Negative();
}

}  // namespace

void AddEvent(CLI::App& app, Context& context) {
  CLI::App* noun = app.add_subcommand("event", "what the asset database said")->require_subcommand(1);
  const auto options = std::make_shared<Options>();
  const auto verb = [&](const char* name, const char* help, auto run) {
    CLI::App* added = noun->add_subcommand(name, help);
    added->callback(
        [&context, options, run] { context.run = [&context, options, run] { return run(*options, context); }; });
    return added;
  };
  CLI::App* publish = verb("publish", "hand in one event; a second time changes nothing", Publish);
  publish->add_option("--source", *options->event.mutable_source(), "name of the asset database")->required();
  publish->add_option("--id", *options->event.mutable_external_id(), "unique within the source")->required();
  publish->add_option("--kind", *options->event.mutable_kind(), "version.status_changed …")->required();
  publish->add_option("--project", *options->event.mutable_project(), "project")->required();
  publish->add_option("--entity-type", *options->event.mutable_entity_type(), "version, shot …")->required();
  publish->add_option("--entity-id", *options->event.mutable_entity_id(), "its id in the asset database")->required();
  publish->add_option("--data-file", options->data_file, "JSON file with whatever else there is to say");
  CLI::App* list = verb("list", "the inbox, newest first", List);
  list->add_option("--outcome", options->outcome, "waiting, transfers_made, no_trigger, superseded, parked");
  list->add_option("--limit", options->limit, "at most so many")->check(CLI::Range(1, 1000));
  verb("flush", "send what hooks have spooled", Flush)
      ->add_option("directory", options->spool, "the spool")
      ->required();
}

}  // namespace crossdock::cli
