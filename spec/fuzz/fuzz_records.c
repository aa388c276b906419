// What PG3 keeps for the plugin: the input as the value of each record, in each form that PG3
// sends.
#include "base/buf.h"
#include "fuzz_pg3.h"

static const char *const keys[] = {"customparams", "customdata", "notices", "idata",
                                   "customparamsdoc"};
// %1: the key, %2: the input, %3: the input as a JSON text.
static const char *const forms[] = {
    "{\"getAll\":[{\"key\":\"%1\",\"value\":%2}]}",
    "{\"getAll\":[{\"key\":\"%1\",\"value\":%3}]}",
    "{\"custom\":{\"%1\":%2}}",
    "{\"custom\":{\"%1\":{\"value\":%3}}}",
    "{\"%1\":%2}",
    "{\"getAll\":%2}",
};

static void fill(struct buf *b, const char *form, const char *key, const char *text) {
    for (; *form != '\0'; form++) {
        if (*form != '%') {
            buf_add(b, form, 1);
        } else if (*++form == '3') {
            buf_json(b, text);
        } else {
            buf_puts(b, *form == '1' ? key : text);
        }
    }
}

#define KEYS (sizeof keys / sizeof keys[0])

static void hand_over(struct world *w, const char *form, const char *key, const char *text) {
    struct buf b;
    buf_init(&b, 1024 * 1024);
    fill(&b, form, key, text);
    pg3_message(w->pg3, buf_text(&b), b.len);
    buf_free(&b);
}

static void receive(const char *form, const char *text) {
    struct world w;
    world_open(&w);
    pg3_message(w.pg3, "{\"config\":{}}", 13);
    for (size_t k = 0; k < KEYS; k++)
        hand_over(&w, form, keys[k], text);
    pg3_message(w.pg3, "{\"getAll\":[]}", 13);
    MUST(records_ask(w.r,
                     "for n, v in pairs(host.params()) do assert(#n >= 0 and #v >= 0) end "
                     "return true",
                     NULL, NULL));
    MUST(records_default(w.r, "vrm_token", "") && records_notice(w.r, "key", "<b>text</b>") &&
         records_doc(w.r, "<p>page</p>"));
    pg3_profile(w.pg3, "0123456789abcdef");
    world_turn(&w);
    for (size_t k = 0; k < KEYS; k++)
        hand_over(&w, form, keys[k], text); // once more: an echo
    // What was kept can be written again.
    MUST(records_ask(w.r, "local d = host.data() return not d or host.save(d)", NULL, NULL));
    world_turn(&w);
    world_close(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    char *text = text_of(data, size);
    for (size_t f = 0; f < sizeof forms / sizeof forms[0]; f++)
        receive(forms[f], text);
    free(text);
    return 0;
}
