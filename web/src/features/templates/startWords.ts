import type { Language } from "../../message/template";

/** What the starting points say: to people who bought, or might buy, a car. `{{ … }}` is filled for each person. */
export type StartWords = {
  subject: string;
  preheader: string;
  kicker: string;
  title: string;
  lead: string;
  body: string;
  button: string;
  facts: [name: string, value: string][];
  note: string;
  /** For SMS and messengers. */
  text: string;
};
export const START_KEYS = ["welcome", "test_drive", "silent", "service", "delivery"] as const;
export type StartKey = (typeof START_KEYS)[number];

/** What all of them share. */
export type FrameWords = { hello: string; hello_nobody: string; regards: string; why: string; unsubscribe: string };

export const FRAME_WORDS: Record<Language, FrameWords> = {
  en: {
    hello: "Hello {{ profile.first_name }},",
    hello_nobody: "Hello,",
    regards: "Your team at {{ brand.name }}",
    why: "You get this e-mail because you are a customer of {{ brand.name }}.",
    unsubscribe: "Unsubscribe",
  },
  ru: {
    hello: "Здравствуйте, {{ profile.first_name }}!",
    hello_nobody: "Здравствуйте!",
    regards: "Ваша команда {{ brand.name }}",
    why: "Вы получили это письмо, потому что вы клиент {{ brand.name }}.",
    unsubscribe: "Отписаться",
  },
  zh: {
    hello: "{{ profile.first_name }}，您好！",
    hello_nobody: "您好！",
    regards: "{{ brand.name }} 团队",
    why: "您是 {{ brand.name }} 的客户，因此收到这封邮件。",
    unsubscribe: "退订",
  },
};

export const START_WORDS: Record<Language, Record<StartKey, StartWords>> = {
  en: {
    welcome: {
      subject: "Your {{ vars.model | default('new car') }} is a conversation away",
      preheader: "Who looks after you, and what happens next",
      kicker: "Thank you for your request",
      title: "Good to meet you",
      lead: "We have your request for the {{ vars.model | default('car that you chose') }}. Here is what happens next.",
      body: "{{ vars.manager | default('Our adviser') }} will call you within one working hour, answer what you would like to know, and set a time for a test drive. Nothing is decided before you have driven it.",
      button: "Choose a time yourself",
      facts: [
        ["Model", "{{ vars.model | default('to be chosen together') }}"],
        ["Dealer", "{{ vars.dealer | default('the one nearest to you') }}"],
        ["Your adviser", "{{ vars.manager | default('will introduce themselves') }}"],
      ],
      note: "Would you rather write? Just answer this e-mail.",
      text: "{{ brand.name }}: thank you for your request. Your adviser will call within one working hour. Choose a time yourself: {{ vars.url }}",
    },
    test_drive: {
      subject: "Tomorrow at {{ vars.time | default('10:00') }}: your test drive",
      preheader: "Where to come, and what to bring",
      kicker: "Your test drive",
      title: "See you tomorrow",
      lead: "Your {{ vars.model | default('car') }} is washed, charged and waiting for you.",
      body: "Plan on about 45 minutes. Please bring your driving licence; whoever rides along is welcome too.",
      button: "Show the way",
      facts: [
        ["When", "{{ vars.date | default('tomorrow') }}, {{ vars.time | default('10:00') }}"],
        ["Where", "{{ vars.address | default('our showroom') }}"],
        ["Car", "{{ vars.model | default('the one you chose') }}"],
      ],
      note: "Does another time suit you better? Answer this e-mail and we will move it.",
      text: "{{ brand.name }}: your test drive is tomorrow at {{ vars.time | default('10:00') }}, {{ vars.address | default('in our showroom') }}. Please bring your driving licence. {{ vars.url }}",
    },
    silent: {
      subject: "Still thinking about the {{ vars.model | default('car') }}?",
      preheader: "It is here, and so is a better offer",
      kicker: "No hurry",
      title: "It is worth a second look",
      lead: "Choosing a car takes its time. A few things have become simpler since we last spoke.",
      body: "The {{ vars.model | default('car that you looked at') }} is in stock, financing starts at a lower rate this month, and we will tell you today what your present car is worth.",
      button: "See the offer",
      facts: [
        ["In stock", "{{ vars.stock | default('several colours') }}"],
        ["A month", "{{ vars.monthly | default('on request') }}"],
        ["Offer until", "{{ vars.until | default('the end of the month') }}"],
      ],
      note: "If it is no longer of interest, one click below and we will not ask again.",
      text: "{{ brand.name }}: the {{ vars.model | default('car that you looked at') }} is in stock, and financing has become cheaper this month. Your offer: {{ vars.url }}",
    },
    service: {
      subject: "Your {{ profile.model | default('car') }} is due for service",
      preheader: "Book a time in a minute; we keep you mobile meanwhile",
      kicker: "Service",
      title: "Time for a check-up",
      lead: "By our records your {{ profile.model | default('car') }} is due for its service.",
      body: "Choose a day that suits you: bring the car in the morning, have it back in the evening. A replacement car is waiting, and the price is fixed beforehand.",
      button: "Book the service",
      facts: [
        ["Due", "{{ vars.due | default('this month') }}"],
        ["Takes", "{{ vars.takes | default('about half a day') }}"],
        ["Where", "{{ vars.dealer | default('your dealer') }}"],
      ],
      note: "Already done? Tell us, and we will note it.",
      text: "{{ brand.name }}: your {{ profile.model | default('car') }} is due for service. Book a time: {{ vars.url }}",
    },
    delivery: {
      subject: "It has arrived: your {{ vars.model | default('new car') }}",
      preheader: "When you can take it home, and what to bring",
      kicker: "Ready for you",
      title: "Your car has arrived",
      lead: "It has been unloaded and checked, and now it is being prepared for you.",
      body: "Take an hour for the handover: we will set up the seats, your phone and the navigation with you, and there will be a coffee.",
      button: "Confirm the handover",
      facts: [
        ["Car", "{{ vars.model | default('your new car') }}"],
        ["Handover", "{{ vars.date | default('as you choose') }}"],
        ["Please bring", "{{ vars.papers | default('identity card and driving licence') }}"],
      ],
      note: "We look forward to your face when the cover comes off.",
      text: "{{ brand.name }}: your {{ vars.model | default('new car') }} has arrived! Choose a time for the handover: {{ vars.url }}",
    },
  },
  ru: {
    welcome: {
      subject: "Ваш {{ vars.model | default('новый автомобиль') }}: что будет дальше",
      preheader: "Кто вам поможет и какой следующий шаг",
      kicker: "Спасибо за заявку",
      title: "Рады знакомству",
      lead: "Мы получили вашу заявку: {{ vars.model | default('выбранный автомобиль') }}. Вот что будет дальше.",
      body: "{{ vars.manager | default('Наш консультант') }} позвонит вам в течение рабочего часа, ответит на вопросы и подберёт время для тест-драйва. Решать ничего не нужно, пока вы не проедете сами.",
      button: "Выбрать время",
      facts: [
        ["Модель", "{{ vars.model | default('подберём вместе') }}"],
        ["Салон", "{{ vars.dealer | default('ближайший к вам') }}"],
        ["Консультант", "{{ vars.manager | default('представится по телефону') }}"],
      ],
      note: "Удобнее писать? Просто ответьте на это письмо.",
      text: "{{ brand.name }}: спасибо за заявку! Консультант позвонит в течение рабочего часа. Выбрать время: {{ vars.url }}",
    },
    test_drive: {
      subject: "Завтра в {{ vars.time | default('10:00') }} — ваш тест-драйв",
      preheader: "Куда приехать и что взять с собой",
      kicker: "Ваш тест-драйв",
      title: "До встречи завтра",
      lead: "{{ vars.model | default('Автомобиль') }} вымыт, заправлен и ждёт вас.",
      body: "Запланируйте около 45 минут. Возьмите водительское удостоверение; приезжайте вместе с близкими.",
      button: "Как проехать",
      facts: [
        ["Когда", "{{ vars.date | default('завтра') }}, {{ vars.time | default('10:00') }}"],
        ["Где", "{{ vars.address | default('наш салон') }}"],
        ["Автомобиль", "{{ vars.model | default('тот, что вы выбрали') }}"],
      ],
      note: "Удобнее в другое время? Ответьте на письмо, и мы перенесём.",
      text: "{{ brand.name }}: тест-драйв завтра в {{ vars.time | default('10:00') }}, {{ vars.address | default('наш салон') }}. Возьмите водительское удостоверение. {{ vars.url }}",
    },
    silent: {
      subject: "Ещё думаете о {{ vars.model | default('покупке') }}?",
      preheader: "Автомобиль на месте, а условия стали лучше",
      kicker: "Без спешки",
      title: "Стоит взглянуть ещё раз",
      lead: "Выбор автомобиля требует времени. С нашего разговора кое-что стало проще.",
      body: "{{ vars.model | default('Автомобиль, который вы смотрели,') }} есть в наличии, ставка по кредиту в этом месяце ниже, а ваш нынешний автомобиль мы оценим сегодня же.",
      button: "Посмотреть предложение",
      facts: [
        ["В наличии", "{{ vars.stock | default('несколько цветов') }}"],
        ["В месяц", "{{ vars.monthly | default('рассчитаем для вас') }}"],
        ["Предложение до", "{{ vars.until | default('конца месяца') }}"],
      ],
      note: "Если уже неинтересно — одно нажатие ниже, и мы не будем напоминать.",
      text: "{{ brand.name }}: {{ vars.model | default('автомобиль, который вы смотрели,') }} в наличии, и кредит в этом месяце выгоднее. Ваше предложение: {{ vars.url }}",
    },
    service: {
      subject: "Пора на обслуживание: {{ profile.model | default('ваш автомобиль') }}",
      preheader: "Запись за минуту, на это время дадим подменный автомобиль",
      kicker: "Сервис",
      title: "Пора на осмотр",
      lead: "По нашим данным, подошёл срок обслуживания: {{ profile.model | default('ваш автомобиль') }}.",
      body: "Выберите удобный день: утром привезли, вечером забрали. Подменный автомобиль ждёт, цена известна заранее.",
      button: "Записаться",
      facts: [
        ["Срок", "{{ vars.due | default('этот месяц') }}"],
        ["Займёт", "{{ vars.takes | default('около половины дня') }}"],
        ["Где", "{{ vars.dealer | default('ваш дилер') }}"],
      ],
      note: "Уже прошли обслуживание? Ответьте, и мы отметим.",
      text: "{{ brand.name }}: подошёл срок обслуживания, {{ profile.model | default('ваш автомобиль') }}. Записаться: {{ vars.url }}",
    },
    delivery: {
      subject: "Приехал: {{ vars.model | default('ваш новый автомобиль') }}",
      preheader: "Когда можно забрать и что взять с собой",
      kicker: "Готов для вас",
      title: "Ваш автомобиль приехал",
      lead: "Он разгружен, проверен, и мы готовим его к встрече с вами.",
      body: "Отведите на выдачу час: вместе настроим сиденья, телефон и навигацию, а кофе уже будет готов.",
      button: "Подтвердить выдачу",
      facts: [
        ["Автомобиль", "{{ vars.model | default('ваш новый автомобиль') }}"],
        ["Выдача", "{{ vars.date | default('когда вам удобно') }}"],
        ["Возьмите", "{{ vars.papers | default('паспорт и водительское удостоверение') }}"],
      ],
      note: "Ждём ваше лицо в тот миг, когда снимем покрывало.",
      text: "{{ brand.name }}: {{ vars.model | default('ваш новый автомобиль') }} приехал! Выберите время выдачи: {{ vars.url }}",
    },
  },
  zh: {
    welcome: {
      subject: "您的{{ vars.model | default('新车') }}：接下来的安排",
      preheader: "谁为您服务，以及下一步",
      kicker: "感谢您的咨询",
      title: "很高兴认识您",
      lead: "我们已收到您对{{ vars.model | default('意向车型') }}的咨询，接下来会这样安排。",
      body: "{{ vars.manager | default('我们的顾问') }}会在一个工作小时内致电，解答您的问题并约定试驾时间。亲自开过之后，再做决定。",
      button: "自己选择时间",
      facts: [
        ["车型", "{{ vars.model | default('与您一起选择') }}"],
        ["门店", "{{ vars.dealer | default('离您最近的门店') }}"],
        ["顾问", "{{ vars.manager | default('将在电话中介绍') }}"],
      ],
      note: "更喜欢文字沟通？直接回复这封邮件即可。",
      text: "{{ brand.name }}：感谢咨询，顾问将在一个工作小时内致电。自己选时间：{{ vars.url }}",
    },
    test_drive: {
      subject: "明天 {{ vars.time | default('10:00') }}：您的试驾",
      preheader: "地点和需要携带的证件",
      kicker: "您的试驾",
      title: "明天见",
      lead: "{{ vars.model | default('车辆') }}已洗净、充满电，正等着您。",
      body: "大约需要 45 分钟。请携带驾驶证，也欢迎家人同行。",
      button: "查看路线",
      facts: [
        ["时间", "{{ vars.date | default('明天') }} {{ vars.time | default('10:00') }}"],
        ["地点", "{{ vars.address | default('我们的展厅') }}"],
        ["车型", "{{ vars.model | default('您选择的车型') }}"],
      ],
      note: "想换个时间？回复邮件，我们为您调整。",
      text: "{{ brand.name }}：明天 {{ vars.time | default('10:00') }} 试驾，{{ vars.address | default('我们的展厅') }}。请带驾驶证。{{ vars.url }}",
    },
    silent: {
      subject: "还在考虑{{ vars.model | default('那款车') }}吗？",
      preheader: "车还在，条件更好了",
      kicker: "不着急",
      title: "值得再看一眼",
      lead: "选车需要时间。自上次联系之后，有些事情变得更简单了。",
      body: "{{ vars.model | default('您看过的车') }}有现车，本月贷款利率更低，您现在的车当天就能估价。",
      button: "查看方案",
      facts: [
        ["现车", "{{ vars.stock | default('多种颜色') }}"],
        ["月供", "{{ vars.monthly | default('可为您计算') }}"],
        ["有效期至", "{{ vars.until | default('本月底') }}"],
      ],
      note: "如果不再感兴趣，点击下方链接，我们不会再打扰。",
      text: "{{ brand.name }}：{{ vars.model | default('您看过的车') }}有现车，本月贷款更优惠。您的方案：{{ vars.url }}",
    },
    service: {
      subject: "{{ profile.model | default('您的爱车') }}该保养了",
      preheader: "一分钟预约，期间提供代步车",
      kicker: "保养",
      title: "该做检查了",
      lead: "根据我们的记录，{{ profile.model | default('您的爱车') }}已到保养时间。",
      body: "选择方便的日子：早上送来，晚上取回。代步车已备好，价格事先确定。",
      button: "预约保养",
      facts: [
        ["到期", "{{ vars.due | default('本月') }}"],
        ["用时", "{{ vars.takes | default('约半天') }}"],
        ["地点", "{{ vars.dealer | default('您的经销商') }}"],
      ],
      note: "已经做过了？告诉我们，我们会记录。",
      text: "{{ brand.name }}：{{ profile.model | default('您的爱车') }}该保养了，立即预约：{{ vars.url }}",
    },
    delivery: {
      subject: "到店了：您的{{ vars.model | default('新车') }}",
      preheader: "何时可以提车，需要带什么",
      kicker: "为您备好",
      title: "您的新车到了",
      lead: "车辆已卸车并完成检查，正在为您做交付准备。",
      body: "请预留一小时：我们会和您一起设置座椅、手机和导航，咖啡也已备好。",
      button: "确认提车时间",
      facts: [
        ["车型", "{{ vars.model | default('您的新车') }}"],
        ["交付", "{{ vars.date | default('由您选择') }}"],
        ["请携带", "{{ vars.papers | default('身份证和驾驶证') }}"],
      ],
      note: "期待揭开车衣时您的笑容。",
      text: "{{ brand.name }}：您的{{ vars.model | default('新车') }}到店了！选择提车时间：{{ vars.url }}",
    },
  },
};
