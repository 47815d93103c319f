// server/options.h
// Everything that can be set on a server, with its defaults, units and ranges; each has its line in
// option_table.h, too. Where the values come from is flags.h's business.
#ifndef ASSAY_SERVER_OPTIONS_H_
#define ASSAY_SERVER_OPTIONS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "absl/types/span.h"
#include "server/setting.h"

namespace assay {

struct ServerOptions {
  // HOST:PORT; port 0 takes a free one. Beyond loopback only with TLS or `insecure`.
  std::string listen = "127.0.0.1:50051";
  // Listen beyond loopback without TLS: texts, scores and tokens travel in the clear.
  bool insecure = false;

  // PEM files, read again when they change. The first two together turn TLS on; with the third a
  // client must show a certificate of that authority.
  std::string tls_certificate = {};
  std::string tls_key = {};
  std::string tls_client_ca = {};
  // File of hashed bearer tokens, see token_file.h, read again when it changes. Empty: anyone who
  // can connect may ask.
  std::string tokens = {};
  // How often those files are looked at, 1 s..1 hour.
  absl::Duration reload_interval = absl::Seconds(10);

  // HOST:PORT of /metrics and /statusz, over plain HTTP; empty: none; port 0 takes a free one.
  // Beyond loopback only with `insecure_metrics`: whoever reaches it sees load and tenants' names,
  // never texts.
  std::string metrics_listen = {};
  bool insecure_metrics = false;

  // HOST:PORT of grpc.health.v1 alone, in plaintext, beside that of `listen`: for probes that speak
  // no TLS; empty: none; port 0 takes a free one. Whoever reaches it learns how the server is and
  // can ask nothing else.
  std::string health_listen = {};

  // Of one connection: calls at a time, 1..65536; bytes of a call's metadata, 1 KiB..1 MiB;
  // shortest time between a client's keepalive pings, 1 s..1 hour, below which it is closed: a
  // second less than the 5 s at which clients may ping, for pings that arrive unevenly; silence
  // after which a client is pinged, 1 s..1 hour: one that has vanished holds its place for less than
  // a minute; age at which it is asked to reconnect, so that load spreads over new replicas, 1 s..30
  // days, or 0: never.
  int64_t max_calls_per_connection = 1024;
  int64_t max_metadata_bytes = 16384;
  absl::Duration min_ping_interval = absl::Seconds(4);
  absl::Duration keepalive_interval = absl::Seconds(30);
  absl::Duration max_connection_age = absl::ZeroDuration();
  // Connections at a time, 1..2^20; one more is closed as it comes.
  int64_t max_connections = 4096;

  // Threads for templates and tokenizing, 1..256. One keeps up with a CPU device; a GPU wants two
  // or more.
  int64_t encoder_threads = 2;
  // Bytes of text that may wait for them before RESOURCE_EXHAUSTED; at least max_request_bytes.
  int64_t max_waiting_bytes = int64_t{256} << 20;

  // Computed tokens of one forward pass, 0..2^24; a longer conversation runs alone. Larger batches
  // fill the device better and make each request in them wait longer. 0: by device, see
  // WithDeviceDefaults().
  int64_t max_batch_tokens = 0;
  // Computed tokens that may wait for the devices before RESOURCE_EXHAUSTED; at least
  // max_batch_tokens. The longest wait is this over the devices' tokens per second.
  int64_t max_queued_tokens = int64_t{1} << 20;
  // Refuse a request at once whose deadline would pass before its predicted turn.
  bool predict_deadlines = true;
  // Memory for results already computed, in MiB, 0..2^20; 0: none are kept. Equal conversations in
  // flight are computed once in any case.
  int64_t result_cache_mib = 0;

  // Of one request: responses and messages, 1..65536; bytes of one text, at least 1 and at most
  // max_request_bytes; bytes of all of it, 1 KiB..1 GiB.
  int64_t max_responses = 1024;
  int64_t max_messages = 1024;
  int64_t max_text_bytes = int64_t{1} << 20;
  int64_t max_request_bytes = int64_t{64} << 20;
  // Requests of one stream that are worked on at a time, 1..65536.
  int64_t max_in_flight_per_stream = 256;

  // "debug", "info", "warning" or "error".
  std::string log_level = "info";
  // "none", "failed" (requests that end in a server's error, at most a few a second) or "all".
  std::string log_requests = "failed";

  // A forward pass that takes longer makes its worker count as stuck, and the server unhealthy
  // while no worker is well, 1 s..1 hour.
  absl::Duration stuck_after = absl::Seconds(120);

  // From the stop signal, during which health says NOT_SERVING and requests are still taken, so
  // that balancers learn it before any is refused, 0..1 hour.
  absl::Duration lame_duck = absl::ZeroDuration();
  // After that, until requests still queued are answered UNAVAILABLE, 0..1 hour.
  absl::Duration drain_timeout = absl::Seconds(30);
  // Before it serves: score golden conversations on a small checkpoint of the loaded form, and run
  // one pass of the largest batch. Off: one short pass.
  bool self_test = true;

  // No option: every option's effective value, sorted by name, as GetModel tells them.
  std::vector<Setting> settings = {};

  // INVALID_ARGUMENT naming the field, its value and its range, or the two fields that contradict
  // each other.
  absl::Status Validate() const;
};

// `options` with what is left to the devices decided: max_batch_tokens becomes the largest of their
// DefaultBatchTokens(), see model/memory_plan.h; at most max_queued_tokens.
ServerOptions WithDeviceDefaults(ServerOptions options, absl::Span<const std::string> devices);

// What is loaded, and onto what. Checked where it is used: by the model's loader.
struct ModelOptions {
  std::string model =
      "armorm-mini";              // A checkpoint folder, or the name of one; see model_folder.h.
  std::string name;               // Empty: the folder's name.
  std::string device = "auto";    // "auto", "cpu", "cuda", or a list such as "cuda:0,cuda:1".
  std::string dtype = "auto";     // "auto", "bfloat16", "float32", "int8", "fp8".
  std::string heads = "precise";  // "precise", "reference".
  std::string chat_template = "auto";  // "auto", "llama3", "chatml".
  int64_t workers = 0;                 // On each device; 0: two, or one on a CPU of one thread.
  int64_t cpu_threads = 0;             // 0: one a core.
  bool deterministic = false;          // See RewardModelOptions.
};

}  // namespace assay

#endif  // ASSAY_SERVER_OPTIONS_H_
