#include "tools/fleet_simulator/fleet_flags.h"

#include <CLI/CLI.hpp>
#include <map>

#include "absl/strings/str_cat.h"

namespace assay::fleet {
namespace {

constexpr const char* kExample = R"(Examples:
  assay-fleet-simulator --replicas 10 --tokens-per-second 50000 --rate 600 --responses 4 --lengths data/token_lengths.tsv
  assay-fleet-simulator --rate 600 --responses 4 --deadline 2 --needed-for 0.999
  assay-fleet-simulator --replicas 10 --rate 200 --step-at 120 --step-factor 2 --hpa-computed 35000 --hpa-max 40 \
    --start-delay 90 --duration 600 --timeline 30

Admission, refusals, fairness and batches are the server's own code in simulated time; how long passes and encoding take
is computed from the flags. Equal flags give equal output.
Exit codes: 0 done; 1 a file cannot be used, or no number of replicas is enough; 2 bad usage.)";

class Group {
 public:
  Group(CLI::App* app, const char* name) : group_(app->add_option_group(name)) {}

  template <typename T>
  void Add(const char* flag, const char* help, T least, T most, T* value) {
    group_->add_option(flag, *value, help)
        ->check(CLI::Range(least, most))
        ->option_text(absl::StrCat("N [", *value, "]"));
  }

  void AddSeconds(const char* flag, const char* help, double least, absl::Duration* value) {
    const std::string now =
        *value == absl::InfiniteDuration() ? "never" : absl::StrCat(absl::ToDoubleSeconds(*value));
    group_
        ->add_option_function<double>(
            flag, [value](double seconds) { *value = absl::Seconds(seconds); }, help)
        ->check(CLI::Range(least, 1e7))
        ->option_text(absl::StrCat("SECONDS [", now, "]"));
  }

  template <typename T>
  void AddChoice(const char* flag, const char* help, const std::map<std::string, T>& choices,
                 const char* text, T* value) {
    group_->add_option(flag, *value, help)
        ->transform(CLI::CheckedTransformer(choices).description(""))
        ->option_text(text);
  }

  CLI::App* operator->() { return group_; }

 private:
  CLI::App* const group_;
};

void AddLoadFlags(CLI::App* app, FleetFlags* flags) {
  SimulationOptions* const options = &flags->simulation;
  Group load(app, "Load");
  load.Add("--rate", "Requests a second, sent whatever happens; 0: a closed loop", 0.0, 1e7,
           &options->load.rate);
  load.Add("--concurrency", "Without --rate: requests under way at a time", int64_t{1},
           int64_t{10000000}, &options->concurrency);
  load.AddChoice<client::ArrivalKind>(
      "--arrivals", "With --rate: as from independent callers, or one every 1/N s",
      {{"poisson", client::ArrivalKind::kPoisson}, {"even", client::ArrivalKind::kEven}},
      "{poisson,even} [poisson]", &options->load.arrivals);
  load.AddSeconds("--step-at", "From then on the rate is multiplied", 0, &options->load.step_at);
  load.Add("--step-factor", "By so much", 1e-3, 1e3, &options->load.step_factor);
  load.AddSeconds("--burst-every", "A burst begins so often; 0: never", 0,
                  &options->load.burst_every);
  load.AddSeconds("--burst-seconds", "And lasts so long", 0, &options->load.burst_for);
  load.Add("--burst-factor", "With so many times the rate", 1e-3, 1e3, &options->load.burst_factor);
  load.Add("--responses", "Of each request", int64_t{1}, int64_t{1024},
           &options->workload.responses);
  load->add_option("--lengths", flags->lengths,
                   "Table of lengths to draw from (tools/make_length_table.py)")
      ->option_text("FILE");
  load->add_flag("--lengths-in-order", options->workload.in_order,
                 "Requests are its rows as they are, over and over");
  load.Add("--prompt-tokens", "Of each prompt, without --lengths", int64_t{1}, int64_t{1000000},
           &options->workload.prompt_tokens);
  load.Add("--response-tokens", "Of each response, without --lengths", int64_t{1}, int64_t{1000000},
           &options->workload.response_tokens);
  load->add_flag_callback(
      "--unshared", [options] { options->workload.share_prompts = false; },
      "Each response pays for its prompt anew");
  load.Add("--tenants", "That share the fleet", 1, 100000, &options->workload.tenants);
  load.AddSeconds("--warm-up", "Requests that are not counted, at first", 0, &options->warm_up);
  load.AddSeconds("--duration", "Then, requests that are", 0.001, &options->duration);
  load.Add("--seed", "Of all that is drawn; arrivals are those of `assay bench`", uint64_t{0},
           uint64_t{1} << 62, &options->seed);
}

void AddReplicaFlags(CLI::App* app, FleetFlags* flags) {
  FleetOptions* const fleet = &flags->simulation.fleet;
  ReplicaOptions* const replica = &fleet->replica;
  Group group(app, "Replicas");
  group.Add("--replicas", "At the beginning", 1, 100000, &fleet->replicas);
  group.Add("--tokens-per-second", "Of a replica's devices together", 1.0, 1e9,
            &replica->device.tokens_per_second);
  group.AddSeconds("--pass-overhead", "Of each forward pass", 0, &replica->device.pass_overhead);
  group.Add("--workers", "Passes at a time", 1, 64, &replica->device.workers);
  group.AddChoice<DeviceKind>(
      "--device",
      "What passes at a time do: overlap their overheads (a GPU), share the "
      "cores (a CPU), or have a device each",
      {{"pipelined", DeviceKind::kPipelined},
       {"shared", DeviceKind::kShared},
       {"own", DeviceKind::kOwn}},
      "{pipelined,shared,own} [pipelined]", &replica->device.kind);
  group.Add("--max-batch-tokens", "As assay-server's", int64_t{1}, int64_t{1} << 24,
            &replica->queue.budget.max_tokens);
  group.Add("--max-queued-tokens", "As assay-server's", int64_t{1}, int64_t{1} << 40,
            &replica->queue.max_queued_tokens);
  group->add_flag_callback(
      "--no-predict-deadlines", [replica] { replica->queue.predict_deadlines = false; },
      "As assay-server's --predict-deadlines false");
  group.Add("--encoder-threads", "As assay-server's", 1, 256, &replica->encoder_threads);
  group.AddSeconds("--encode-request", "Of one request, beside its tokens", 0,
                   &replica->encode_request);
  group.Add("--encode-tokens-per-second", "Of one encoder thread", 1.0, 1e9,
            &replica->encode_tokens_per_second);
  group.AddSeconds("--mean-time-to-failure", "A replica breaks, and is started again", 1,
                   &fleet->mean_time_to_failure);
  group.AddSeconds("--start-delay", "Until a new replica is ready: node, image, checkpoint", 0,
                   &fleet->start_delay);
}

void AddClientFlags(CLI::App* app, FleetFlags* flags) {
  SimulationOptions* const options = &flags->simulation;
  Group group(app, "Clients");
  group.Add("--clients", "Processes; each balances its own calls", 1, 100000, &options->clients);
  group.AddSeconds("--deadline", "Of each request", 0.001, &options->client.deadline);
  group.AddChoice<bool>("--balance", "Whether a replica with more than its share is passed over",
                        {{"bounded", true}, {"round-robin", false}},
                        "{bounded,round-robin} [bounded]", &options->client.bounded);
  group.Add("--max-attempts", "Of a call; 0: as many as its time allows", 0, 1000,
            &options->client.retry.max_attempts);
  group.Add("--tries-elsewhere", "Other replicas tried at once after a refusal", 0, 100000,
            &options->client.tries_elsewhere);
  group.AddSeconds("--hedge-after", "A call without an answer goes to a second replica too", 0,
                   &options->client.hedge.after);
  group.Add("--hedge-share", "Of the calls, at most", 0.0, 1.0, &options->client.hedge.max_share);
  group.AddSeconds("--network", "One way", 0, &options->client.network);
  group.AddSeconds("--lookup-period", "Until clients know of a new replica, at most", 0,
                   &options->lookup_period);
}

void AddAutoscalerFlags(CLI::App* app, FleetFlags* flags) {
  FleetOptions* const fleet = &flags->simulation.fleet;
  AutoscalerOptions* const options = &fleet->autoscaler;
  Group group(app, "Autoscaler (HorizontalPodAutoscaler)");
  group.Add("--hpa-queued", "Target of queued tokens a replica, the mean of a minute; 0: none", 0.0,
            1e12, &fleet->queued_tokens_target);
  group.Add("--hpa-computed", "Target of tokens computed a second, a replica; 0: none", 0.0, 1e12,
            &fleet->computed_tokens_target);
  group.Add("--hpa-min", "Replicas", 1, 100000, &options->min_replicas);
  group.Add("--hpa-max", "Replicas", 1, 100000, &options->max_replicas);
  group.AddSeconds("--hpa-period", "It looks so often", 1, &fleet->autoscaler_period);
  group.AddSeconds("--scrape-period", "At what was scraped so often", 0.1, &fleet->scrape_period);
  group.AddSeconds("--hpa-down-window", "Stabilisation when scaling down", 0,
                   &options->down_window);
  group.Add("--hpa-down-pods", "In a down period at most so many fewer; 0: as few as are wanted", 0,
            100000, &options->down_pods);
  group.AddSeconds("--hpa-down-period", "The down period", 1, &options->down_period);
  group.Add("--hpa-up-pods", "In an up period, at most the larger of so many more", 0, 100000,
            &options->up_pods);
  group.Add("--hpa-up-factor", "And so many times as many", 1.0, 1e6, &options->up_factor);
  group.AddSeconds("--hpa-up-period", "The up period", 1, &options->up_period);
}

}  // namespace

void AddFleetFlags(CLI::App* app, FleetFlags* flags) {
  app->footer(kExample);
  AddLoadFlags(app, flags);
  AddReplicaFlags(app, flags);
  AddClientFlags(app, flags);
  AddAutoscalerFlags(app, flags);
  Group output(app, "Output");
  output.AddSeconds("--timeline", "A row each so many seconds; 0: none", 0,
                    &flags->simulation.timeline);
  output.Add("--needed-for",
             "Find the replicas for which this share of the calls is answered in time; 0: do not",
             0.0, 1.0, &flags->needed_for);
  output.AddChoice<bool>("--format", "For a person or a program",
                         {{"table", false}, {"json", true}}, "{table,json} [table]", &flags->json);
}

}  // namespace assay::fleet
