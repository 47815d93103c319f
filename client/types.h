// client/types.h
// What the client library speaks: plain structs, so that a caller needs neither protobuf nor gRPC
// headers of its own. Meanings, units and ranges are those of proto/assay/v1/reward.proto, the
// reference manual of the wire.
#ifndef ASSAY_CLIENT_TYPES_H_
#define ASSAY_CLIENT_TYPES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace assay::client {

// One turn of a conversation. Texts are UTF-8.
struct Message {
  std::string role = {};  // "system", "user" or "assistant".
  std::string content = {};
};

enum class Detail {
  kScore,       // Only Score::score.
  kObjectives,  // Also rewards, gating and coefficients.
};

// What the server does with a conversation longer than the limit. A cut conversation has another
// score than the whole one.
enum class Truncation {
  kRefuse,     // That response's result is INVALID_ARGUMENT.
  kKeepEnd,    // Keeps the last tokens.
  kKeepStart,  // Keeps the first tokens.
};

// One prompt and the responses to it, each scored on its own.
struct ScoreRequest {
  std::vector<Message> prompt = {};         // Oldest turn first; at least one.
  std::vector<std::string> responses = {};  // Assistant turns; at least one.
  Detail detail = Detail::kScore;
  Truncation truncation = Truncation::kRefuse;
  int32_t max_tokens = 0;  // Longest conversation to score, in tokens; 0: the server's limit.
  std::string model_revision = {};  // If not empty: FAILED_PRECONDITION from any other revision.
};

// The scores of one response. K objectives; the vectors are empty for Detail::kScore and for a
// model with a scalar head. score = sum over K of rewards x coefficients.
struct Score {
  float score =
      0;  // Finite, unbounded, higher is better; comparable under one model_revision only.
  std::vector<float> rewards = {};
  std::vector<float> gating = {};  // Depends on the prompt alone.
  std::vector<float> coefficients = {};
  int32_t input_tokens = 0;      // Of the conversation as scored, template included.
  int32_t truncated_tokens = 0;  // Cut away; 0 unless the request allowed it.
};

// Where the time of a request went, on the server. Stages follow each other.
struct StageTimes {
  absl::Duration wait_encode = {};
  absl::Duration encode = {};
  absl::Duration queue = {};
  absl::Duration forward = {};
};

// The answer to a ScoreRequest.
struct ScoreReply {
  std::vector<absl::StatusOr<Score>> results = {};  // One a response, in the request's order.
  std::string model_revision = {};
  StageTimes times = {};
};

struct Limits {
  int32_t max_tokens = 0;
  int32_t max_messages = 0;
  int32_t max_responses = 0;
  int64_t max_text_bytes = 0;
  int64_t max_request_bytes = 0;
  int32_t max_in_flight_per_stream = 0;
  int64_t max_queued_tokens = 0;
  int64_t max_batch_tokens = 0;
};

// Since the server started; queued_tokens is of now.
struct Counters {
  int64_t requests = 0;
  int64_t responses = 0;
  int64_t batches = 0;
  int64_t batched_groups = 0;
  int64_t batched_responses = 0;
  int64_t max_batch_groups = 0;
  int64_t input_tokens = 0;
  int64_t computed_tokens = 0;
  absl::Duration forward;
  int64_t queued_tokens = 0;
  int64_t cached_responses = 0;
  int64_t coalesced_responses = 0;
};

struct Worker {
  std::string device = {};
  std::string state = {};  // "idle", "running", "stuck" or "broken".
  absl::Duration since = {};
  int64_t batches = 0;
};

// How a server was when it answered.
struct State {
  std::string health = {};  // "serving", "stopping" or "unhealthy"; empty: the server does not say.
  absl::Duration uptime = {};
  int64_t queued_tokens = 0;
  int64_t queued_requests = 0;
  double tokens_per_second = 0;  // 0: nothing measured yet.
  absl::Duration predicted_wait = {};
  std::vector<Worker> workers = {};
};

// One option of the server.
struct Setting {
  std::string name = {};
  std::string value = {};
  std::string source = {};  // "default", "file", "environment" or "flag".
};

// Of absolute differences from float32's numbers, in units of the score.
struct ErrorFigures {
  int64_t n = 0;
  double largest = 0;
  double percentile_99 = 0;
  double rms = 0;
};

// What the served dtype costs in exactness; all zero for float32.
struct ScoreError {
  ErrorFigures score = {};             // Of one conversation's score.
  ErrorFigures margin = {};            // Of the difference between two scores of one prompt.
  std::vector<std::string> data = {};  // Names of the files it was measured on.
  std::string measured_on = {};        // The processor's or GPU's name.
};

// What a server has loaded. Hashes are SHA-256 in hex.
struct ModelInfo {
  std::string name;
  std::string revision;
  std::string weights_hash;
  std::string config_hash;
  std::string tokenizer_hash;
  std::string template_hash;
  std::string architecture;
  std::vector<std::string> objectives;  // In the order of Score's vectors; empty for a scalar head.
  std::string chat_template;
  std::string dtype;
  std::string heads;
  std::vector<std::string> devices;
  Limits limits;
  Counters counters;
  std::optional<ScoreError> score_error;  // Absent: not measured.
  State state;
  std::vector<Setting> settings;  // All options, sorted by name.
};

}  // namespace assay::client

#endif  // ASSAY_CLIENT_TYPES_H_
