#include "server/option_table.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace assay {
namespace {

using S = ServerOptions;
using M = ModelOptions;

constexpr int64_t kHour = 3600;

std::vector<Option> MakeTable() {
  const char* const kServer = "Server";
  const char* const kSecurity = "Security";
  const char* const kModel = "Model";
  const char* const kLimits = "Limits";
  return {
      {.name = "listen",
       .group = kServer,
       .unit = "HOST:PORT",
       .help = "Address to listen on; port 0 takes a free one",
       .member = &S::listen},
      {.name = "metrics_listen",
       .group = kServer,
       .unit = "HOST:PORT",
       .help = "Address of /metrics and /statusz over plain HTTP; none if empty",
       .member = &S::metrics_listen},
      {.name = "health_listen",
       .group = kServer,
       .unit = "HOST:PORT",
       .help = "Address of grpc.health.v1 alone, in plaintext, for probes that speak no TLS; none "
               "if empty",
       .member = &S::health_listen},
      {.name = "encoder_threads",
       .group = kServer,
       .unit = "N",
       .help = "Threads for chat templates and tokenizing",
       .member = &S::encoder_threads,
       .low = 1,
       .high = 256},
      {.name = "lame_duck",
       .group = kServer,
       .unit = "SECONDS",
       .help = "After a stop signal, how long requests are still taken while health says "
               "NOT_SERVING",
       .member = &S::lame_duck,
       .low = 0,
       .high = kHour},
      {.name = "drain_timeout",
       .group = kServer,
       .unit = "SECONDS",
       .help = "After that, how long requests may still begin",
       .member = &S::drain_timeout,
       .low = 0,
       .high = kHour},
      {.name = "stuck_after",
       .group = kServer,
       .unit = "SECONDS",
       .help = "A forward pass that takes longer makes its worker count as stuck",
       .member = &S::stuck_after,
       .low = 1,
       .high = kHour},
      {.name = "self_test",
       .group = kServer,
       .unit = "BOOLEAN",
       .help = "Before it serves: golden scores of the checkpoint's form, and a pass of the "
               "largest batch; false: one short pass",
       .member = &S::self_test},
      {.name = "log_level",
       .group = kServer,
       .unit = "LEVEL",
       .help = "Logs go to stderr and hold no text of a request",
       .member = &S::log_level,
       .choices = {"debug", "info", "warning", "error"}},
      {.name = "log_requests",
       .group = kServer,
       .unit = "WHICH",
       .help = "Which requests get a line in the log",
       .member = &S::log_requests,
       .choices = {"none", "failed", "all"}},

      {.name = "insecure",
       .group = kSecurity,
       .unit = "BOOLEAN",
       .help = "Listen beyond this machine without TLS, where the network itself is trusted",
       .member = &S::insecure},
      {.name = "insecure_metrics",
       .group = kSecurity,
       .unit = "BOOLEAN",
       .help = "Answer --metrics-listen beyond this machine, over plain HTTP",
       .member = &S::insecure_metrics},
      {.name = "tls_certificate",
       .group = kSecurity,
       .unit = "FILE",
       .help = "The server's certificate chain, PEM; read again when it changes",
       .member = &S::tls_certificate},
      {.name = "tls_key",
       .group = kSecurity,
       .unit = "FILE",
       .help = "Its private key, PEM",
       .member = &S::tls_key},
      {.name = "tls_client_ca",
       .group = kSecurity,
       .unit = "FILE",
       .help = "Authority that clients' certificates must be of, PEM; without it clients show none",
       .member = &S::tls_client_ca},
      {.name = "tokens",
       .group = kSecurity,
       .unit = "FILE",
       .help = "Hashed bearer tokens and their tenants; read again when it changes; without it no "
               "token is asked for",
       .member = &S::tokens},
      {.name = "reload_interval",
       .group = kSecurity,
       .unit = "SECONDS",
       .help = "How often those files are looked at",
       .member = &S::reload_interval,
       .low = 1,
       .high = kHour},
      {.name = "max_connections",
       .group = kSecurity,
       .unit = "N",
       .help = "Connections at a time",
       .member = &S::max_connections,
       .low = 1,
       .high = int64_t{1} << 20},
      {.name = "max_connection_age",
       .group = kSecurity,
       .unit = "SECONDS",
       .help = "Age, a tenth more or less, at which a client is asked to connect again, and so to "
               "another replica behind a balancer; its calls in progress end first; 0: never",
       .member = &S::max_connection_age,
       .low = 1,
       .high = 24 * 30 * kHour,
       .zero_too = true},
      {.name = "max_calls_per_connection",
       .group = kSecurity,
       .unit = "N",
       .help = "Calls of one connection at a time",
       .member = &S::max_calls_per_connection,
       .low = 1,
       .high = 65536},
      {.name = "max_metadata_bytes",
       .group = kSecurity,
       .unit = "BYTES",
       .help = "Metadata of one call",
       .member = &S::max_metadata_bytes,
       .low = 1024,
       .high = int64_t{1} << 20},
      {.name = "min_ping_interval",
       .group = kSecurity,
       .unit = "SECONDS",
       .help = "A client that sends keepalive pings faster is disconnected",
       .member = &S::min_ping_interval,
       .low = 1,
       .high = kHour},
      {.name = "keepalive_interval",
       .group = kSecurity,
       .unit = "SECONDS",
       .help = "A client silent for so long is pinged, and disconnected where it does not answer",
       .member = &S::keepalive_interval,
       .low = 1,
       .high = kHour},

      {.name = "model",
       .group = kModel,
       .unit = "DIR|NAME",
       .help = "Checkpoint folder in Hugging Face layout, or the name of one in $ASSAY_MODELS or "
               "in the folder that scripts/build prepares",
       .member = &M::model},
      {.name = "model_name",
       .group = kModel,
       .unit = "NAME",
       .help = "What replies call the model; the folder's name if empty",
       .member = &M::name},
      {.name = "device",
       .group = kModel,
       .unit = "DEVICES",
       .help = "auto, cpu, cuda (all GPUs), or a list such as cuda:0,cuda:1",
       .member = &M::device},
      {.name = "dtype",
       .group = kModel,
       .unit = "TYPE",
       .help = "Arithmetic of the trunk; auto is bfloat16; int8 needs a CPU with AVX512_VNNI, fp8 "
               "a GPU of compute capability 8.9",
       .member = &M::dtype,
       .choices = {"auto", "bfloat16", "float32", "int8", "fp8"}},
      {.name = "heads",
       .group = kModel,
       .unit = "MODE",
       .help = "precise: heads in float32, as stored; reference: in the trunk's type, as published "
               "numbers were made",
       .member = &M::heads,
       .choices = {"precise", "reference"}},
      {.name = "chat_template",
       .group = kModel,
       .unit = "NAME",
       .help = "auto is the checkpoint's own",
       .member = &M::chat_template,
       .choices = {"auto", "llama3", "chatml"}},
      {.name = "cpu_threads",
       .group = kModel,
       .unit = "N",
       .help = "Threads of all forward passes on the CPU together; 0: one a core",
       .member = &M::cpu_threads,
       .low = 0,
       .high = 1024},
      {.name = "workers",
       .group = kModel,
       .unit = "N",
       .help = "Batches at a time on each device; 0: two, so that one is prepared while the other "
               "is computed, or one on a CPU of one thread",
       .member = &M::workers,
       .low = 0,
       .high = 256},
      {.name = "deterministic",
       .group = kModel,
       .unit = "BOOLEAN",
       .help = "On GPUs: scores whose bits do not depend on their batch, at a price in speed; on "
               "CPUs they never do",
       .member = &M::deterministic},

      {.name = "max_responses",
       .group = kLimits,
       .unit = "N",
       .help = "Responses of a request",
       .member = &S::max_responses,
       .low = 1,
       .high = 65536},
      {.name = "max_messages",
       .group = kLimits,
       .unit = "N",
       .help = "Messages of a request's prompt",
       .member = &S::max_messages,
       .low = 1,
       .high = 65536},
      {.name = "max_text_bytes",
       .group = kLimits,
       .unit = "BYTES",
       .help = "One message or response; at most --max-request-bytes",
       .member = &S::max_text_bytes,
       .low = 1,
       .high = int64_t{1} << 30},
      {.name = "max_request_bytes",
       .group = kLimits,
       .unit = "BYTES",
       .help = "All of a request",
       .member = &S::max_request_bytes,
       .low = 1024,
       .high = int64_t{1} << 30},
      {.name = "max_in_flight_per_stream",
       .group = kLimits,
       .unit = "N",
       .help = "Requests of one stream worked on at a time",
       .member = &S::max_in_flight_per_stream,
       .low = 1,
       .high = 65536},
      {.name = "max_batch_tokens",
       .group = kLimits,
       .unit = "TOKENS",
       .help = "One forward pass; a longer conversation runs alone; 0: 4096 on CPUs, else 16384",
       .member = &S::max_batch_tokens,
       .low = 0,
       .high = int64_t{1} << 24},
      {.name = "max_queued_tokens",
       .group = kLimits,
       .unit = "TOKENS",
       .help = "Waiting for a device before requests are refused; at least --max-batch-tokens",
       .member = &S::max_queued_tokens,
       .low = 1,
       .high = int64_t{1} << 40},
      {.name = "max_waiting_bytes",
       .group = kLimits,
       .unit = "BYTES",
       .help = "Text waiting to be tokenized before requests are refused; at least "
               "--max-request-bytes",
       .member = &S::max_waiting_bytes,
       .low = 1,
       .high = int64_t{1} << 40},
      {.name = "predict_deadlines",
       .group = kLimits,
       .unit = "BOOLEAN",
       .help = "Refuse at once what could not begin before its deadline",
       .member = &S::predict_deadlines},
      {.name = "result_cache_mib",
       .group = kLimits,
       .unit = "MIB",
       .help = "Memory for results already computed; 0: none are kept",
       .member = &S::result_cache_mib,
       .low = 0,
       .high = int64_t{1} << 20},
  };
}

}  // namespace

OptionKind Option::kind() const {
  if (!choices.empty()) return OptionKind::kChoice;
  switch (member.index()) {
    case 0:
    case 4:
      return OptionKind::kText;
    case 1:
    case 5:
      return OptionKind::kInteger;
    case 2:
      return OptionKind::kSeconds;
    default:
      return OptionKind::kSwitch;
  }
}

bool Option::OfServer() const { return member.index() < 4; }

absl::Span<const Option> OptionTable() {
  static const std::vector<Option>& table = *new std::vector<Option>(MakeTable());
  return table;
}

const Option* FindOption(absl::string_view name) {
  for (const Option& option : OptionTable()) {
    if (option.name == name) return &option;
  }
  return nullptr;
}

std::string FlagOf(absl::string_view name) {
  return absl::StrCat("--", absl::StrReplaceAll(name, {{"_", "-"}}));
}

std::string VariableOf(absl::string_view name) {
  return absl::StrCat("ASSAY_", absl::AsciiStrToUpper(name));
}

}  // namespace assay
