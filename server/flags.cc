#include "server/flags.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "base/status_macros.h"

namespace assay {
namespace {

// --max-text-bytes is ASSAY_MAX_TEXT_BYTES.
std::string VariableOf(const std::string& flag) {
  return absl::StrCat("ASSAY_",
                      absl::AsciiStrToUpper(absl::StrReplaceAll(flag.substr(2), {{"-", "_"}})));
}

template <typename T>
CLI::Option* Add(CLI::App* app, const char* group, const std::string& flag, T* value,
                 const char* unit, const char* help) {
  return app->add_option(flag, *value, help)
      ->group(group)
      ->envname(VariableOf(flag))
      ->type_name(unit)
      ->capture_default_str();
}

void AddModelFlags(CLI::App* app, ModelOptions* model) {
  const char* group = "Model";
  Add(app, group, "--model", &model->model, "DIR|NAME",
      "Checkpoint folder in Hugging Face layout, or the name of one in $ASSAY_MODELS or in the "
      "folder that scripts/build prepares");
  Add(app, group, "--model-name", &model->name, "NAME",
      "What replies call the model; the folder's name if empty");
  Add(app, group, "--device", &model->device, "DEVICES",
      "auto, cpu, cuda (all GPUs), or a list such as cuda:0,cuda:1");
  Add(app, group, "--dtype", &model->dtype, "TYPE",
      "Arithmetic of the trunk; auto is bfloat16; int8 needs a CPU with AVX512_VNNI, fp8 a GPU of "
      "compute capability 8.9")
      ->check(CLI::IsMember({"auto", "bfloat16", "float32", "int8", "fp8"}));
  Add(app, group, "--heads", &model->heads, "MODE",
      "precise: heads in float32, as stored; reference: in the trunk's type, as published numbers "
      "were made")
      ->check(CLI::IsMember({"precise", "reference"}));
  Add(app, group, "--chat-template", &model->chat_template, "NAME",
      "auto (the checkpoint's own), llama3 or chatml")
      ->check(CLI::IsMember({"auto", "llama3", "chatml"}));
  Add(app, group, "--cpu-threads", &model->cpu_threads, "N",
      "Threads of all forward passes on the CPU together, 0..1024; 0: one a core")
      ->check(CLI::Range(0, 1024));
  Add(app, group, "--workers", &model->workers, "N",
      "Batches at a time on each device, 0..256; 0: two, so that one is prepared while the other "
      "is computed, or one on a CPU of one thread")
      ->check(CLI::Range(0, 256));
  app->add_flag("--deterministic", model->deterministic,
                "On GPUs: scores whose bits do not depend on their batch, at a price in speed; on "
                "CPUs they never do")
      ->group(group)
      ->envname("ASSAY_DETERMINISTIC");
}

void AddLimitFlags(CLI::App* app, ServerOptions* server) {
  const char* group = "Limits";
  Add(app, group, "--max-responses", &server->max_responses, "N",
      "Responses of a request, 1..65536");
  Add(app, group, "--max-messages", &server->max_messages, "N",
      "Messages of a request's prompt, 1..65536");
  Add(app, group, "--max-text-bytes", &server->max_text_bytes, "BYTES",
      "One message or response, 1..--max-request-bytes");
  Add(app, group, "--max-request-bytes", &server->max_request_bytes, "BYTES",
      "All of a request, 1024..2^30");
  Add(app, group, "--max-in-flight-per-stream", &server->max_in_flight_per_stream, "N",
      "Requests of one stream worked on at a time, 1..65536");
  Add(app, group, "--max-batch-tokens", &server->max_batch_tokens, "TOKENS",
      "One forward pass, 1..2^24; a longer conversation runs alone; 0: 4096 on CPUs, else 16384");
  Add(app, group, "--max-queued-tokens", &server->max_queued_tokens, "TOKENS",
      "Waiting for a device before requests are refused, --max-batch-tokens..2^40");
  Add(app, group, "--max-waiting-bytes", &server->max_waiting_bytes, "BYTES",
      "Text waiting to be tokenized before requests are refused, --max-request-bytes..2^40");
  app->add_option("--predict-deadlines", server->predict_deadlines,
                  "Refuse at once what could not begin before its deadline")
      ->group(group)
      ->envname("ASSAY_PREDICT_DEADLINES")
      ->capture_default_str();
  Add(app, group, "--result-cache-mib", &server->result_cache_mib, "MIB",
      "Memory for results already computed, 0..2^20; 0: none are kept");
}

// Seconds, fractions allowed; kept inside what a Duration can be made of, for Validate() to judge.
void AddTime(CLI::App* app, const char* group, const std::string& flag, absl::Duration* value,
             const char* help) {
  app->add_option_function<double>(
         flag,
         [value](const double& seconds) { *value = absl::Seconds(std::clamp(seconds, -1.0, 1e9)); },
         help)
      ->group(group)
      ->envname(VariableOf(flag))
      ->type_name("SECONDS")
      ->default_str(absl::StrCat(absl::ToDoubleSeconds(*value)));
}

void AddSwitch(CLI::App* app, const char* group, const std::string& flag, bool* value,
               const char* help) {
  app->add_flag(flag, *value, help)->group(group)->envname(VariableOf(flag));
}

void AddServerFlags(CLI::App* app, ServerOptions* server) {
  const char* group = "Server";
  Add(app, group, "--listen", &server->listen, "HOST:PORT",
      "Address to listen on; port 0 takes a free one");
  Add(app, group, "--metrics-listen", &server->metrics_listen, "HOST:PORT",
      "Address of /metrics and /statusz over plain HTTP; none if empty");
  Add(app, group, "--encoder-threads", &server->encoder_threads, "N",
      "Threads for chat templates and tokenizing, 1..256");
  AddTime(app, group, "--lame-duck", &server->lame_duck,
          "After a stop signal, how long requests are still taken while health says NOT_SERVING, "
          "0..3600");
  AddTime(app, group, "--drain-timeout", &server->drain_timeout,
          "After that, how long requests may still begin, 0..3600");
  AddTime(app, group, "--stuck-after", &server->stuck_after,
          "A forward pass that takes longer makes its worker count as stuck, 1..3600");
  app->add_option("--self-test", server->self_test,
                  "Before it serves: golden scores of the checkpoint's form, and a pass of the "
                  "largest batch; false: one short pass")
      ->group(group)
      ->envname("ASSAY_SELF_TEST")
      ->capture_default_str();
  Add(app, group, "--log-level", &server->log_level, "LEVEL",
      "debug, info, warning or error; logs go to stderr and hold no text of a request");
  Add(app, group, "--log-requests", &server->log_requests, "WHICH",
      "none, failed or all: which requests get a line in the log");
}

void AddSecurityFlags(CLI::App* app, ServerOptions* server) {
  const char* group = "Security";
  AddSwitch(app, group, "--insecure", &server->insecure,
            "Listen beyond this machine without TLS, where the network itself is trusted");
  AddSwitch(app, group, "--insecure-metrics", &server->insecure_metrics,
            "Answer --metrics-listen beyond this machine, over plain HTTP");
  Add(app, group, "--tls-certificate", &server->tls_certificate, "FILE",
      "The server's certificate chain, PEM; read again when it changes");
  Add(app, group, "--tls-key", &server->tls_key, "FILE", "Its private key, PEM");
  Add(app, group, "--tls-client-ca", &server->tls_client_ca, "FILE",
      "Authority that clients' certificates must be of, PEM; without it clients show none");
  Add(app, group, "--tokens", &server->tokens, "FILE",
      "Hashed bearer tokens and their tenants; read again when it changes; without it no token is "
      "asked for");
  AddTime(app, group, "--reload-interval", &server->reload_interval,
          "How often those files are looked at, 1..3600");
  Add(app, group, "--max-connections", &server->max_connections, "N",
      "Connections at a time, 1..2^20");
  AddTime(app, group, "--max-connection-age", &server->max_connection_age,
          "Age at which a connection is asked to reconnect, 1..2592000; 0: never");
  Add(app, group, "--max-calls-per-connection", &server->max_calls_per_connection, "N",
      "Calls of one connection at a time, 1..65536");
  Add(app, group, "--max-metadata-bytes", &server->max_metadata_bytes, "BYTES",
      "Metadata of one call, 1024..2^20");
  AddTime(app, group, "--min-ping-interval", &server->min_ping_interval,
          "A client that sends keepalive pings faster is disconnected, 1..3600");
}

}  // namespace

absl::StatusOr<ServerFlags> ParseServerFlags(int argc, const char* const* argv) {
  ServerFlags flags;
  CLI::App app("Serves a reward model over gRPC: scores assistant replies to a prompt.");
  app.name("assay-server");
  app.footer(
      "Each flag can be set by its environment variable, too; the flag wins.\n"
      "Prints \"listening on HOST:PORT\" when ready. SIGTERM and SIGINT stop it once the requests\n"
      "in progress are answered.\n\n"
      "Example:\n"
      "  assay-server --model /models/ArmoRM-Llama3-8B-v0.1 --device cuda:0 --listen "
      "127.0.0.1:50051");
  app.set_version_flag("--version", "assay-server " ASSAY_VERSION);
  AddServerFlags(&app, &flags.server);
  AddSecurityFlags(&app, &flags.server);
  AddModelFlags(&app, &flags.model);
  AddLimitFlags(&app, &flags.server);

  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    flags.answer = app.help();
    return flags;
  } catch (const CLI::CallForVersion&) {
    flags.answer = app.version() + "\n";
    return flags;
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  ASSAY_RETURN_IF_ERROR(flags.server.Validate());
  return flags;
}

}  // namespace assay
